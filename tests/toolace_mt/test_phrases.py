"""Templates, facts and how values are said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.phrases import Phrase, join, label, say, sentence, slots_of, tell, value_at

HOTELS = {
    "text": "I found {hotels:count} hotels.",
    "each": {"path": "hotels", "text": "{name} at {cents:money} a night", "limit": 2},
    "empty": "No hotel fits {city}.",
}


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("order {order_id}", {"order_id": "W1"}, Phrase("order W1", ("W1",))),
        ("up to {:money} a night", 12050, Phrase("up to $120.50 a night", ("$120.50",))),
        ("{cents:money}", {"cents": 1234567}, Phrase("$12,345.67", ("$12,345.67",))),
        ("{cents:money}", {"cents": -50}, Phrase("-$0.50", ("-$0.50",))),
        ("on {day:date}", {"day": "2026-03-04"}, Phrase("on 4 March 2026", ("4 March 2026",))),
        ("{t:time}", {"t": "2026-03-04T18:30"}, Phrase("18:30 on 4 March 2026", ("18:30 on 4 March 2026",))),
        ("on {day:date}", {"day": "soon"}, Phrase("on soon", ("soon",))),
        ("{rows:count} rows", {"rows": [1, 2, 3]}, Phrase("3 rows", ("3",))),
        ("{a.b.0}", {"a": {"b": ["deep"]}}, Phrase("deep", ("deep",))),
        ("{tags:list}", {"tags": ["red", "blue"]}, Phrase("red, blue", ("red, blue",))),
        ("{flag}", {"flag": True}, Phrase("yes", ("yes",))),
        ("{nothing}", {"nothing": None}, Phrase("none", ("none",))),
        ("{empty}", {"empty": ""}, Phrase("", ())),
        ("no slot", {}, Phrase("no slot")),
    ],
)  # fmt: skip
def test_a_template_is_filled_and_its_values_become_facts(template: str, values: Any, said: Phrase) -> None:
    assert say(template, values) == said


@pytest.mark.parametrize("path", ["b", "a.c", "a.b.1", "a.b.x", "a.b.0.z"])
def test_a_slot_without_a_value_is_named(path: str) -> None:
    with pytest.raises(KeyError, match=path):
        value_at({"a": {"b": ["only"]}}, path)
    with pytest.raises(KeyError, match=path):
        say(f"x {{{path}}}", {"a": {"b": ["only"]}})


@given(value=st.integers() | st.text(min_size=1).filter(lambda text: "{" not in text))
def test_every_fact_stands_in_the_text(value: Any) -> None:
    phrase = say("before {v}, {v:date} and {v:money} after", {"v": value})
    assert all(fact in phrase.text for fact in phrase.facts)


def test_slots_are_found_with_and_without_a_style() -> None:
    assert slots_of("{a} and {b.c:money}, {}") == {"a", "b.c", ""}


@pytest.mark.parametrize(
    ("how", "result", "text"),
    [
        ("Order {id} is off.", {"id": "W1"}, "Order W1 is off."),
        ("{city} has {n}.", {"n": 2}, "Rome has 2."),
        (HOTELS, {"hotels": [{"name": "Fir", "cents": 8000}]}, "I found 1 hotels. Fir at $80.00 a night."),
        (
            HOTELS,
            {"hotels": [{"name": name, "cents": 100} for name in "XYZ"]},
            "I found 3 hotels. X at $1.00 a night. Y at $1.00 a night.",
        ),
        (HOTELS, {"hotels": []}, "No hotel fits Rome."),
        ("{missing} thing", {"order_id": "W1", "paid": True}, "The order id is W1."),
        (None, "plain", "The result is plain."),
        (None, {}, "That is done."),
    ],
)
def test_a_result_is_told_in_the_tools_own_words_or_by_its_fields(how: Any, result: Any, text: str) -> None:
    assert tell(how, result, {"city": "Rome"}).text == text


def test_rows_after_a_colon_are_listed_in_one_sentence() -> None:
    how: dict[str, Any] = {"text": "There are {n} options:", "each": {"path": "options", "text": "{}"}}
    assert tell(how, {"n": 2, "options": ["black", "white"]}, {}).text == "There are 2 options: black; white."


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("the reason is late", ("late",), "The reason is late."),
        ("is it?", (), "Is it?"),
        ("/docs/plan.md is gone", ("/docs/plan.md",), "/docs/plan.md is gone."),
        ("report.txt is gone", ("report.txt",), "report.txt is gone."),
        ("", (), ""),
    ],
)
def test_a_sentence_starts_with_a_capital_unless_a_name_stands_first(
    text: str, facts: tuple[str, ...], expected: str
) -> None:
    assert sentence(Phrase(text, facts)) == Phrase(expected, facts)


def test_joined_phrases_keep_each_fact_once() -> None:
    joined = join([Phrase("A W1.", ("W1",)), Phrase(""), Phrase("B W1 x.", ("W1", "x"))])
    assert joined == Phrase("A W1. B W1 x.", ("W1", "x"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("zipCode", "zip code"), ("zip_code", "zip code"), ("max-price.cents", "max price cents")],
)
def test_a_name_is_spoken_as_words(name: str, words: str) -> None:
    assert label(name) == words
