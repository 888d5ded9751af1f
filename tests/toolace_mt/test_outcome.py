"""What is written of an attempt: the same JSON each time, with the reason when it was rejected."""

import json
from dataclasses import replace

import pytest

from engine import Usage
from toolace_mt.asking import Cost
from toolace_mt.dialogue import CallTurn, ResultTurn
from toolace_mt.draft import Draft, Preference, Round
from toolace_mt.findings import Finding
from toolace_mt.outcome import Outcome, accepted, rejected
from toolace_mt.provenance import trace
from toolace_mt.stages.verify import Verdict
from toolace_mt.testing import Stage
from toolace_mt.transcribe import transcript_of

COST = Cost(requests=3, usage=Usage(prompt_tokens=40, completion_tokens=5))


@pytest.fixture(scope="session")
async def draft(retail: Stage) -> Draft:
    return await retail.draft(2)


def verdict(draft: Draft, *faults: Finding) -> Verdict:
    transcript = transcript_of(draft, final_state_digest=draft.final_state_digest)
    return Verdict(transcript=transcript, sources=trace(transcript), faults=faults)


def test_an_outcome_is_read_back_from_its_json_as_it_was(draft: Draft) -> None:
    outcome = accepted(draft, verdict(draft), COST, repairs=1, isolation="strong")
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))).as_json() == outcome.as_json()


def test_a_record_tells_where_the_dialogue_comes_from_and_what_it_cost(draft: Draft) -> None:
    done = replace(draft, rounds=(Round(masked=(0, 4), replaced=(4,)),))
    record = accepted(done, verdict(done), COST, repairs=1, isolation="limited").record
    metadata = record["metadata"]
    assert record["id"] == draft.id
    assert (metadata["pack"], metadata["world"], metadata["seed"]) == ("retail", draft.plan.world, draft.seed)
    assert [task["goal"] for task in metadata["plan"]] == [task.goal for task in draft.plan.sub_tasks]
    assert sum(len(task["calls"]) for task in metadata["plan"]) == len(draft.steps)
    assert metadata["cost"] == {"requests": 3, "prompt_tokens": 40, "completion_tokens": 5}
    assert metadata["final_state_digest"] == draft.final_state_digest
    assert (metadata["refinement"][0]["masked"], metadata["refinement"][0]["replaced"]) == ([0, 4], [4])
    assert metadata["verification"]["isolation"] == "limited"
    assert metadata["verification"]["repairs"] == 1
    assert "rejection" not in record


def test_a_rejection_names_the_first_fault(draft: Draft) -> None:
    faults = (Finding(rule="TA702", message="said twice", turn=4), Finding(rule="TA401", message="an id"))
    outcome = rejected(draft, verdict(draft, *faults), COST, repairs=2, isolation="strong")
    assert (outcome.status, outcome.rule) == ("rejected", "TA702")
    rejection = outcome.record["rejection"]
    assert (rejection["rule"], rejection["turn"], rejection["message"]) == ("TA702", 4, "said twice")
    findings = outcome.record["metadata"]["verification"]["findings"]
    assert [finding["rule"] for finding in findings] == ["TA702", "TA401"]


def test_a_preference_shows_the_turns_before_as_messages(draft: Draft) -> None:
    last = len(draft.dialogue.turns) - 1
    before = draft.dialogue.mask([0]).turns[:last]
    pair = Preference(turn=last, before=before, chosen="New.", rejected="Old.", judge="model")
    judged = replace(draft, preferences=(pair,))
    (line,) = accepted(judged, verdict(judged), COST, repairs=0, isolation="strong").preferences
    assert (line["dialogue"], line["turn"], line["judge"]) == (draft.id, last, "model")
    assert (line["chosen"], line["rejected"]) == ("New.", "Old.")
    assert line["context"][0] == {"role": "user", "content": None}
    roles = [entry["role"] for entry in line["context"] if "calls" in entry or "results" in entry]
    acts = [turn for turn in before if isinstance(turn, CallTurn | ResultTurn)]
    assert roles == ["assistant" if isinstance(turn, CallTurn) else "tool" for turn in acts]
