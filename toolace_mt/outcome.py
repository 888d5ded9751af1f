"""What became of one attempt at a dialogue, as it is stored and as it is written to files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from toolace_mt.asking import Cost
from toolace_mt.dialogue import AssistantTurn, CallTurn, ResultTurn, Turn, UserTurn
from toolace_mt.draft import Draft, Preference
from toolace_mt.findings import Finding
from toolace_mt.formats.own import OwnFormat
from toolace_mt.plan import Plan
from toolace_mt.provenance import as_metadata
from toolace_mt.stages.verify import Verdict

__all__ = ["Outcome", "accepted", "rejected", "unplannable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``record`` is a line of ``dialogues.jsonl`` or ``rejected.jsonl``; ``preferences`` are lines of
    ``preferences.jsonl``.  All of it is JSON."""

    status: Literal["accepted", "rejected"]
    rule: str | None
    record: Mapping[str, Any]
    preferences: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "rule": self.rule,
            "record": self.record,
            "preferences": list(self.preferences),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Outcome:
        return cls(
            status=stored["status"],
            rule=stored["rule"],
            record=stored["record"],
            preferences=tuple(stored["preferences"]),
        )


def accepted(draft: Draft, verdict: Verdict, cost: Cost, *, repairs: int, isolation: str) -> Outcome:
    """The outcome of a dialogue that passed every rule."""
    record = _record(draft, verdict, cost, repairs=repairs, isolation=isolation)
    return Outcome(status="accepted", rule=None, record=record, preferences=_preferences(draft))


def rejected(draft: Draft, verdict: Verdict, cost: Cost, *, repairs: int, isolation: str) -> Outcome:
    """The outcome of a dialogue that a rule keeps out."""
    fault = verdict.faults[0]
    record = _record(draft, verdict, cost, repairs=repairs, isolation=isolation)
    record["rejection"] = _finding(fault)
    return Outcome(status="rejected", rule=fault.rule, record=record, preferences=_preferences(draft))


def unplannable(*, id: str, seed: int, pack: str, world: str, reason: str) -> Outcome:
    """The outcome of an attempt for which no plan was found."""
    metadata = {"pack": pack, "world": world, "seed": seed}
    rejection = {"rule": "unplannable", "turn": None, "message": reason}
    record = {"id": id, "tools": [], "messages": [], "metadata": metadata, "rejection": rejection}
    return Outcome(status="rejected", rule="unplannable", record=record)


def _record(draft: Draft, verdict: Verdict, cost: Cost, *, repairs: int, isolation: str) -> dict[str, Any]:
    written = dict(OwnFormat().write(verdict.transcript))
    setting = written.pop("metadata")
    assert isinstance(setting, dict)
    metadata = {
        **setting,
        "seed": draft.seed,
        "plan": _plan(draft.plan),
        "injections": [
            {"kind": entry.kind, "sub_task": entry.sub_task, "detail": entry.detail}
            for entry in draft.injections
        ],
        "refinement": [
            {
                "masked": list(entry.masked),
                "replaced": list(entry.replaced),
                "refused": [{"turn": turn, "rule": rule} for turn, rule in entry.refused],
            }
            for entry in draft.rounds
        ],
        "provenance": as_metadata(verdict.sources),
        "verification": {
            "findings": [_finding(finding) for finding in verdict.faults],
            "executed_calls": len(draft.steps),
            "repairs": repairs,
            "isolation": isolation,
        },
        "cost": {
            "requests": cost.requests,
            "prompt_tokens": cost.usage.prompt_tokens,
            "completion_tokens": cost.usage.completion_tokens,
        },
    }
    return {**written, "metadata": metadata}


def _plan(plan: Plan) -> list[dict[str, Any]]:
    return [{"goal": task.goal, "calls": [call.name for call in task.calls]} for task in plan.sub_tasks]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "turn": finding.turn,
        "call": finding.call,
        "message": finding.message,
        "path": finding.path,
    }


def _preferences(draft: Draft) -> tuple[Mapping[str, Any], ...]:
    return tuple(_preference(draft, preference) for preference in draft.preferences)


def _preference(draft: Draft, preference: Preference) -> Mapping[str, Any]:
    return {
        "dialogue": draft.id,
        "turn": preference.turn,
        "judge": preference.judge,
        "context": list(_words(preference.before)),
        "chosen": preference.chosen,
        "rejected": preference.rejected,
    }


def _words(turns: Iterable[Turn]) -> Iterable[dict[str, Any]]:
    for turn in turns:
        match turn:
            case UserTurn(text):
                yield {"role": "user", "content": text}
            case AssistantTurn(text):
                yield {"role": "assistant", "content": text}
            case CallTurn(calls):
                yield {
                    "role": "assistant",
                    "calls": [{"name": call.name, "arguments": call.arguments} for call in calls],
                }
            case ResultTurn(results):
                yield {"role": "tool", "results": [result.value for result in results]}
            case _:
                yield {"role": turn.speaker, "content": None}
