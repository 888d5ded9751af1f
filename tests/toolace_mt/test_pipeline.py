"""One dialogue from its seed to its verdict, over a model that lives in the test."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from engine import ChatRequest, ModelError, TransientError
from sandbox import Call, Pack, ProcessRuntime, Returned, Trajectory
from toolace_mt.checks import check_transcript, severity_of
from toolace_mt.findings import Severity
from toolace_mt.formats.own import OwnFormat
from toolace_mt.injections import INJECTIONS
from toolace_mt.outcome import Outcome
from toolace_mt.pipeline import Attempt, Pipeline
from toolace_mt.stages.judge import ModelJudge, RuleJudge
from toolace_mt.stages.refine import Refiner
from toolace_mt.testing import FunctionModel, harmless_reply
from toolace_mt.transcript import Place

ATTEMPTS = tuple(Attempt(number=number, run_seed=1) for number in range(9))


def pipeline(runtime: ProcessRuntime, packs: Sequence[Pack], **settings: Any) -> Pipeline:
    defaults: dict[str, Any] = {
        "refiner": Refiner(judge=ModelJudge(), strictness="close"),
        "injections": tuple(INJECTIONS),
        "rounds": 5,
        "repairs": 2,
    }
    return Pipeline(runtime=runtime, packs=packs, **{**defaults, **settings})


@pytest.fixture(scope="session")
async def outcomes(runtime: ProcessRuntime, packs: tuple[Pack, ...]) -> tuple[Outcome, ...]:
    made = pipeline(runtime, packs)
    return tuple([await made.make(attempt, FunctionModel()) for attempt in ATTEMPTS])


def test_packs_take_turns(outcomes: tuple[Outcome, ...], packs: tuple[Pack, ...]) -> None:
    names = [outcome.record["metadata"]["pack"] for outcome in outcomes]
    assert names == [packs[attempt.number % len(packs)].name for attempt in ATTEMPTS]


def test_most_dialogues_are_accepted_and_refined(outcomes: tuple[Outcome, ...]) -> None:
    accepted = [outcome for outcome in outcomes if outcome.status == "accepted"]
    assert len(accepted) >= 7
    for outcome in accepted:
        metadata = outcome.record["metadata"]
        assert outcome.rule is None
        assert 1 <= len(metadata["refinement"]) <= 5
        assert len(metadata["injections"]) <= 3
        kinds = [entry["kind"] for entry in metadata["injections"]]
        assert len(set(kinds)) == len(kinds)
        assert metadata["verification"]["findings"] == []
        assert any(entry["replaced"] for entry in metadata["refinement"])


async def test_every_call_was_executed_and_every_observation_is_what_the_tool_gave(
    outcomes: tuple[Outcome, ...], runtime: ProcessRuntime, packs: tuple[Pack, ...]
) -> None:
    by_name = {pack.name: pack for pack in packs}
    for outcome in outcomes:
        metadata, messages = outcome.record["metadata"], outcome.record["messages"]
        calls = [call["function"] for message in messages for call in message.get("tool_calls") or ()]
        made = tuple(Call(name=call["name"], arguments=json.loads(call["arguments"])) for call in calls)
        trajectory = Trajectory(start=metadata["world"], calls=made)
        (execution,) = await runtime.run(by_name[metadata["pack"]], [trajectory])
        assert execution.final_state_digest == metadata["final_state_digest"]
        assert metadata["verification"]["executed_calls"] == len(made)
        observed = [json.loads(message["content"]) for message in messages if message["role"] == "tool"]
        for value, step in zip(observed, execution.steps, strict=True):
            match step.outcome:
                case Returned(returned):
                    assert value == returned
                case fault:
                    assert value["error"]["code"] == fault.code
                    assert value["error"]["message"] == fault.message


def test_the_record_reads_back_without_a_fault(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        if outcome.status == "accepted":
            transcript = OwnFormat().read(json.loads(json.dumps(outcome.record)), Place(file="x", record=0))
            faults = [
                fault for fault in check_transcript(transcript) if severity_of(fault.rule) is Severity.ERROR
            ]
            assert not faults


def test_every_argument_has_its_provenance(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        calls = [
            call["function"]
            for message in outcome.record["messages"]
            for call in message.get("tool_calls") or ()
        ]
        assert outcome.record["metadata"]["provenance"]
        assert len(calls) >= 2


async def test_an_attempt_is_made_again_to_the_byte(
    outcomes: tuple[Outcome, ...], runtime: ProcessRuntime, packs: tuple[Pack, ...]
) -> None:
    made = pipeline(runtime, packs)
    for attempt, outcome in list(zip(ATTEMPTS, outcomes, strict=True))[:3]:
        assert await made.make(attempt, FunctionModel(delay=lambda request: request.seed % 5)) == outcome


async def test_what_the_model_cost_is_what_was_asked(
    runtime: ProcessRuntime, packs: tuple[Pack, ...]
) -> None:
    model = FunctionModel()
    outcome = await pipeline(runtime, packs).make(ATTEMPTS[0], model)
    assert outcome.record["metadata"]["cost"]["requests"] == len(model.requests)


async def test_without_rounds_and_injections_the_model_is_never_asked(
    runtime: ProcessRuntime, packs: tuple[Pack, ...]
) -> None:
    model = FunctionModel()
    outcome = await pipeline(runtime, packs, injections=(), rounds=0).make(ATTEMPTS[0], model)
    assert outcome.status == "accepted"
    assert not model.requests
    assert outcome.record["metadata"]["injections"] == []
    assert outcome.preferences == ()


async def test_a_model_that_says_nothing_useful_spoils_no_dialogue(
    runtime: ProcessRuntime, packs: tuple[Pack, ...]
) -> None:
    for text in ("", '{"text": "All is lost."}'):
        made = pipeline(runtime, packs, rounds=2)
        outcome = await made.make(ATTEMPTS[1], FunctionModel(lambda _, text=text: text))  # type: ignore[misc]
        assert outcome.status == "accepted"
        assert not any(entry["replaced"] for entry in outcome.record["metadata"]["refinement"])


async def test_trouble_with_the_model_is_no_outcome(runtime: ProcessRuntime, packs: tuple[Pack, ...]) -> None:
    def write(request: ChatRequest) -> str:
        raise TransientError(f"no answer to {request.purpose}")

    with pytest.raises(ModelError):
        await pipeline(runtime, packs).make(ATTEMPTS[0], FunctionModel(write))


def test_preferences_are_pairs_of_the_same_turn_with_what_was_said_before(
    outcomes: tuple[Outcome, ...],
) -> None:
    pairs = [(outcome.record, pair) for outcome in outcomes for pair in outcome.preferences]
    assert pairs
    for record, pair in pairs:
        assert pair["dialogue"] == record["id"]
        assert pair["judge"] == "model"
        assert pair["chosen"] != pair["rejected"]
        assert {message["role"] for message in pair["context"]} <= {"user", "assistant", "tool"}


async def test_the_rules_judge_asks_no_verdicts(runtime: ProcessRuntime, packs: tuple[Pack, ...]) -> None:
    model = FunctionModel(lambda request: harmless_reply(request.schema, request.messages[-1].content, 3))
    refiner = Refiner(judge=RuleJudge(), strictness="close")
    made = pipeline(runtime, packs, refiner=refiner, injections=(), rounds=2)
    outcome = await made.make(ATTEMPTS[2], model)
    assert model.requests
    assert all(request.purpose.startswith("refine.") for request in model.requests)
    assert {pair["judge"] for pair in outcome.preferences} == {"rules"}
