"""The experts (TA8): what each is asked about a dialogue, and how its answers become a finding."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from engine import ChatMessage
from toolace_mt.findings import Finding
from toolace_mt.prompts.experts import expert_messages
from toolace_mt.transcript import JsonObject, JsonValue, Message, RecordedCall, Transcript

__all__ = ["EXPERTS", "Expert", "Opinion", "Written", "decide", "is_settled", "write_dialogue"]

_FINE, _PROBLEM = "fine", "problem"
_TEXT, _TOOL_WORDS, _LONGEST = 2_000, 240, 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expert:
    """One expert.  ``applies`` tells whether there is anything in a dialogue for it to judge."""

    code: str
    name: str
    applies: Callable[[Transcript], bool]

    def messages(self, written: Written, *, problem_first: bool) -> tuple[ChatMessage, ...]:
        """Give the chat; the two verdicts change places, since models favour one place."""
        verdicts = (_PROBLEM, _FINE) if problem_first else (_FINE, _PROBLEM)
        return expert_messages(self.name, tools=written.tools, dialogue=written.dialogue, verdicts=verdicts)

    def schema(self, *, problem_first: bool) -> JsonObject:
        """Give the schema of an answer: the reason comes first, so that the verdict follows from it."""
        verdicts = [_PROBLEM, _FINE] if problem_first else [_FINE, _PROBLEM]
        return {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "maxLength": 400},
                "turn": {"type": ["integer", "null"]},
                "verdict": {"type": "string", "enum": verdicts},
            },
            "required": ["reason", "turn", "verdict"],
            "additionalProperties": False,
        }


class Opinion(BaseModel):
    """One answer of an expert."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: str
    turn: int | None
    verdict: str

    @classmethod
    def read(cls, text: str) -> Opinion | None:
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A dialogue and its tools as an expert reads them, and how many turns there are."""

    dialogue: str
    tools: str
    turns: int


def _has_results(transcript: Transcript) -> bool:
    return any(message.role == "tool" for message in transcript.messages)


def _has_answer(transcript: Transcript) -> bool:
    return any(message.role == "assistant" and message.text for message in transcript.messages)


def _has_rules(transcript: Transcript) -> bool:
    return any(message.role == "system" and message.text for message in transcript.messages)


def _has_tools(transcript: Transcript) -> bool:
    return bool(transcript.tools) and _has_answer(transcript)


def _always(transcript: Transcript) -> bool:
    return len(transcript.messages) > 1


EXPERTS: Final[tuple[Expert, ...]] = (
    Expert(code="TA801", name="hallucinated-answer", applies=_has_answer),
    Expert(code="TA802", name="unfit-tool-result", applies=_has_results),
    Expert(code="TA803", name="task-not-completed", applies=_has_answer),
    Expert(code="TA804", name="policy-broken", applies=_has_rules),
    Expert(code="TA805", name="incoherent-turn", applies=_always),
    Expert(code="TA806", name="unnatural-turn", applies=_always),
    Expert(code="TA807", name="needless-or-missing-call", applies=_has_tools),
)


def is_settled(opinions: Sequence[Opinion | None], asks: int) -> bool:
    """Tell whether the answers that are still to come cannot change the majority of ``asks``."""
    votes = Counter(opinion.verdict for opinion in opinions if opinion is not None)
    return any(2 * count > asks for count in votes.values())


def decide(expert: Expert, opinions: Sequence[Opinion | None], asks: int, *, turns: int) -> Finding | None:
    """Give a finding if more than half of ``asks`` answers tell of a problem.

    It stands at the turn that most of them name, with the first reason given for that turn.
    """
    problems = [opinion for opinion in opinions if opinion is not None and opinion.verdict == _PROBLEM]
    if 2 * len(problems) <= asks:
        return None
    named = [_real_turn(opinion, turns) for opinion in problems]
    turn = Counter(named).most_common(1)[0][0]
    reason = problems[named.index(turn)].reason
    words = " ".join(reason.split())
    return Finding(
        rule=expert.code, message=f"{words} ({len(problems)} of {len(opinions)} answers)", turn=turn
    )


def _real_turn(opinion: Opinion, turns: int) -> int | None:
    return opinion.turn if opinion.turn is not None and 0 <= opinion.turn < turns else None


def write_dialogue(transcript: Transcript) -> Written | None:
    """Write a dialogue for an expert; None if it is too long to be judged whole."""
    lines = [_line(turn, message) for turn, message in enumerate(transcript.messages)]
    tools = "\n".join(_tool_lines(transcript)) or "(none are declared)"
    dialogue = "\n".join(lines)
    if len(dialogue) + len(tools) > _LONGEST:
        return None
    return Written(dialogue=dialogue, tools=tools, turns=len(lines))


def _tool_lines(transcript: Transcript) -> Iterator[str]:
    for tool in transcript.tools or ():
        yield f"- {tool.name}: {_cut(' '.join(tool.description.split()), _TOOL_WORDS)}"


def _line(turn: int, message: Message) -> str:
    written: dict[str, JsonValue] = {"turn": turn, "role": message.role}
    if message.role == "tool":
        written["result"] = message.value if _is_short(message.value) else _cut(_json(message.value), _TEXT)
    elif message.text:
        written["text"] = _cut(message.text, _TEXT)
    if message.calls:
        written["calls"] = [_call(call) for call in message.calls]
    return _json(written)


def _call(call: RecordedCall) -> JsonObject:
    if call.arguments is None:
        return {"name": call.name, "unreadable": _cut(call.raw or "", _TEXT)}
    return {"name": call.name, "arguments": call.arguments}


def _is_short(value: JsonValue) -> bool:
    return len(_json(value)) <= _TEXT


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}… (cut)"
