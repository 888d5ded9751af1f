"""Who decides between two wordings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ChatRequest, RefusedRequest
from toolace_mt.dialogue import AssistantTurn, CallTurn, MaskedTurn, ToolCall, UserTurn
from toolace_mt.stages.judge import Contest, ModelJudge, RuleJudge
from toolace_mt.testing import FunctionModel


def contest(old: str = "Old words.", new: str = "New words.", said_before: tuple[str, ...] = ()) -> Contest:
    before = (
        UserTurn("Hello there."),
        CallTurn((ToolCall(name="secret_tool", arguments={}),)),
        AssistantTurn("Done."),
        MaskedTurn("user"),
    )
    return Contest(speaker="assistant", before=before, old=old, new=new, said_before=said_before, seed=7)


def says(*answers: str) -> FunctionModel:
    """A model that gives these answers one after the other."""
    script = iter(answers)
    return FunctionModel(lambda _: next(script))


def verdict(letter: str) -> str:
    return json.dumps({"better": letter})


def is_for(wording: str) -> FunctionModel:
    """A model that prefers a wording wherever it stands."""

    def write(request: ChatRequest) -> str:
        return verdict("A" if f"A: {wording}" in request.messages[-1].content else "B")

    return FunctionModel(write)


@pytest.mark.parametrize(
    ("model", "wins"),
    [
        (is_for("New words."), True),
        (is_for("Old words."), False),
        (says(verdict("A"), verdict("A")), False),  # it names a place, not a wording
        (says(verdict("B"), verdict("B")), False),
        (says("not JSON", verdict("B")), False),
        (says(verdict("A"), '"B"'), False),
        (says(verdict("A"), "{}"), False),
    ],
)
async def test_the_new_wording_wins_only_if_it_wins_both_orders(model: FunctionModel, wins: bool) -> None:
    assert await ModelJudge().prefers_new(contest(), model.complete) is wins


async def test_a_refused_verdict_leaves_the_old_wording() -> None:
    def write(request: ChatRequest) -> str:
        raise RefusedRequest(f"no verdict for {request.purpose}")

    assert not await ModelJudge().prefers_new(contest(), FunctionModel(write).complete)


async def test_a_won_contest_was_asked_once_in_each_order() -> None:
    model = is_for("New words.")
    await ModelJudge().prefers_new(contest(), model.complete)
    first, second = (request.messages[-1].content for request in model.requests)
    assert first.endswith("A: New words.\nB: Old words.")
    assert second.endswith("A: Old words.\nB: New words.")
    assert model.requests[0].seed != model.requests[1].seed
    assert all(request.schema is not None for request in model.requests)


async def test_a_lost_first_order_is_not_asked_again() -> None:
    model = is_for("Old words.")
    assert not await ModelJudge().prefers_new(contest(), model.complete)
    assert len(model.requests) == 1


async def test_the_model_sees_the_turns_before_without_the_machinery() -> None:
    model = is_for("New words.")
    await ModelJudge().prefers_new(contest(), model.complete)
    shown = model.requests[0].messages[-1].content
    assert "user: Hello there.\n(tools are used)\nassistant: Done.\nuser: ..." in shown
    assert "secret_tool" not in shown


async def test_the_rules_refuse_a_wording_that_repeats_the_speaker_more_than_the_old_one() -> None:
    before = ("Could you please show me the list of my orders?",)
    new = "Could you please show me the list of my returns?"
    ask = FunctionModel().complete
    assert not await RuleJudge().prefers_new(contest(new=new, said_before=before), ask)
    assert await RuleJudge().prefers_new(contest(new=new), ask)
    assert await RuleJudge().prefers_new(contest(old=before[0], new=new, said_before=before), ask)


@given(new=st.text("ab .", max_size=10), old=st.text("ab .", max_size=10))
async def test_the_rules_never_ask_the_model(new: str, old: str) -> None:
    model = FunctionModel()
    await RuleJudge().prefers_new(contest(old, new, (old,)), model.complete)
    assert not model.requests
