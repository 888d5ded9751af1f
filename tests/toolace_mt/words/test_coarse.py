"""The plain words of requests, questions and answers."""

import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from toolace_mt.dialogue import ToolCall
from toolace_mt.draft import SlotKind
from toolace_mt.phrases import Phrase, join
from toolace_mt.plan import Choice, Said, SubTask
from toolace_mt.words import coarse
from toolace_mt.words.coarse import answer_with, correction_with, failure_about, question_about, report_of

REASON = Said(parameter="reason", value="too late", clause="the reason is {}")
ORDER = Said(parameter="order_id", value="W2", clause="the order id is {}")
CANCEL = SubTask(
    goal="cancel_order",
    description="Cancel a pending order. Refunds it.",
    asks=("cancel order {order_id}",),
    calls=(ToolCall(name="cancel_order", arguments={"order_id": "W2", "reason": "too late"}),),
    said=(ORDER, REASON),
)
SEEDS = range(40)


def request_for(task: SubTask, chance: random.Random, **how: Any) -> Phrase:
    """The whole of the opening message."""
    return join([part.coarse for part in coarse.request_for(task, chance, **how)])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_request_holds_every_value_that_the_user_tells_once(seed: int) -> None:
    request = request_for(CANCEL, random.Random(seed), first=seed % 2 == 0)
    assert request.text.count("W2") == 1
    assert request.text.count("too late") == 1
    assert set(request.facts) == {"W2", "too late"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_value_that_is_left_out_stands_nowhere(seed: int) -> None:
    for missing in (ORDER, REASON):
        request = request_for(CANCEL, random.Random(seed), first=True, without=missing)
        assert str(missing.value) not in request.text
        assert missing.value not in request.facts


def test_another_value_is_told_instead() -> None:
    request = request_for(CANCEL, random.Random(0), first=True, instead=(REASON, "too dear"))
    assert "too dear" in request.text
    assert "too late" not in request.text


@pytest.mark.parametrize("asks", [(), ("move a file to {folder}",), ("move a file",)])
@pytest.mark.parametrize("seed", range(8))
def test_two_tools_of_a_chain_may_call_different_things_by_one_name(asks: tuple[str, ...], seed: int) -> None:
    source = Said(parameter="folder", value="/a", clause="the folder is {}")
    target = Said(parameter="folder", value="/b", clause="it should go to {}")
    listed = ToolCall(name="list_folder", arguments={"folder": "/a"})
    moved = ToolCall(name="move_file", arguments={"path": "/a/x", "folder": "/b"})
    task = replace(CANCEL, goal="move_file", asks=asks, calls=(listed, moved), said=(source, target))
    request = partial(request_for, task, random.Random(seed), first=True)
    assert {"/a", "/b"} <= set(request().facts)
    for one, other in ((source, target), (target, source)):
        left_out = request(without=one)
        assert other.value in left_out.facts
        assert one.value not in left_out.facts
        mistaken = request(instead=(one, "/c"))
        assert {"/c", other.value} == set(mistaken.facts)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_request_is_one_wish_and_a_detail_for_each_other_value(seed: int) -> None:
    parts = coarse.request_for(CANCEL, random.Random(seed), first=seed % 2 == 0)
    assert sorted(part.kind for part in parts) == [SlotKind.DETAIL, SlotKind.REQUEST]
    detail = next(part for part in parts if part.kind is SlotKind.DETAIL)
    assert detail.coarse == Phrase("The reason is too late.", ("too late",))


def test_a_report_has_a_part_for_each_sentence() -> None:
    task = replace(CANCEL, tell="Order {order_id} is off. It was {reason}.")
    told = report_of(task, {"order_id": "W2"})
    assert [part.coarse for part in told] == [
        Phrase("Order W2 is off.", ("W2",)),
        Phrase("It was too late.", ("too late",)),
    ]
    assert {part.kind for part in told} == {SlotKind.REPORT}


def test_a_report_is_not_torn_inside_a_fact() -> None:
    told = report_of(replace(CANCEL, tell="It says {text}."), {"text": "Stop. Go. Now"})
    assert len(told) == 1


def test_without_a_fitting_phrase_the_tools_description_is_asked_for() -> None:
    request = request_for(replace(CANCEL, asks=()), random.Random(0), first=True)
    assert "cancel a pending order" in request.text
    assert "Refunds" not in request.text
    assert "W2" in request.text


def test_a_choice_is_told_unless_the_phrase_has_it() -> None:
    choice = Choice(parameter="product_id", phrase=Phrase("the lamp", ("lamp",)))
    said = request_for(replace(CANCEL, choices=(choice,)), random.Random(1), first=True)
    assert "I mean the lamp." in said.text


@pytest.mark.parametrize("clause", ["it should be {}", "their reason is {}", "I mean the {}"])
def test_no_detail_speaks_of_a_thing_before_it_is_named(clause: str) -> None:
    target = Said(parameter="reason", value="too late", clause=clause)
    task = replace(CANCEL, asks=("cancel an order",), said=(ORDER, target))
    texts = [request_for(task, random.Random(seed), first=True).text for seed in SEEDS]
    assert all(text.index("cancel an order") < text.index("too late") for text in texts)


def test_only_a_later_request_says_also_or_next() -> None:
    first = {request_for(CANCEL, random.Random(seed), first=True).text for seed in SEEDS}
    later = {request_for(CANCEL, random.Random(seed), first=False).text for seed in SEEDS}
    assert not any("also" in text or "Next" in text for text in first)
    assert any("also" in text or "Next" in text for text in later)


@pytest.mark.parametrize(
    ("said", "question"),
    [
        (REASON, "What is the reason?"),
        (Said(parameter="e", value="a@b.org", clause="my email is {}"), "What is your email?"),
        (Said(parameter="g", value=2, clause="the guests are {}"), "What are the guests?"),
        (Said(parameter="zip_code", value="1", clause="near {}"), "What is the zip code?"),
        (Said(parameter="max_price_cents", value=1, clause="up to {:money}"), "What is the max price?"),
        (Said(parameter="x", value=1, clause="{}", question="How many?"), "How many?"),
    ],
)
def test_a_question_asks_for_what_the_clause_would_have_told(said: Said, question: str) -> None:
    asked = question_about(said)
    assert asked.text == question
    assert str(said.value) not in asked.text or said.value == 1


def test_answers_and_corrections_give_the_value() -> None:
    assert answer_with(REASON) == Phrase("The reason is too late.", ("too late",))
    corrections = {correction_with(ORDER, random.Random(seed)) for seed in SEEDS}
    assert len(corrections) > 1
    assert all(correction.text.endswith(" the order id is W2.") for correction in corrections)
    assert {correction.facts for correction in corrections} == {("W2",)}


@pytest.mark.parametrize(
    ("reason", "named", "facts"),
    [
        ("no order W9", ("W9",), ("W9",)),
        ("no path /docs/a1.md", ("/docs/a1.md",), ("/docs/a1.md",)),
        ("only 3 seats are left", (), ("3",)),
        ("it is locked", ("W9",), ()),
    ],
)
def test_a_failure_gives_the_reason_and_keeps_what_it_names(
    reason: str, named: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    for seed in SEEDS:
        phrase = failure_about(reason, named, random.Random(seed))
        assert phrase.text.endswith(f"{reason[1:]}.")
        assert not phrase.text.lower().startswith(reason)
        assert phrase.facts == facts


def test_a_reason_that_begins_with_a_name_keeps_its_letters() -> None:
    phrase = failure_about("ana@b.org is not known", ("ana@b.org",), random.Random(0))
    assert phrase.text.endswith(". ana@b.org is not known.")
