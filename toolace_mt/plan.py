"""What a dialogue is to be about: sub-tasks, their calls, and where each argument comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox import Step
from toolace_mt.dialogue import ToolCall
from toolace_mt.phrases import Phrase
from toolace_mt.transcript import JsonValue

__all__ = ["Choice", "Plan", "Said", "SubTask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How the user tells which row of a result is meant for a parameter: "the one with the desk lamp"."""

    parameter: str
    phrase: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value that the user tells.

    ``clause`` is a template with one bare slot for the value, ``question`` how the assistant asks for it;
    ``alternatives`` are other values that the
    same person might have told instead (from the same column of the world, or the same result).
    """

    parameter: str
    value: JsonValue
    clause: str
    question: str | None = None
    alternatives: tuple[JsonValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubTask:
    """One thing that the user wants: a goal tool, reached by a chain of calls that ends with it.

    ``steps`` stand beside ``calls``: what each gave when it was executed, one after the other from the plan's
    world.  ``asks`` are the goal's verb phrases that fit the arguments; ``said`` is what the user tells,
    ``choices`` tell which row of an earlier result is meant.
    """

    goal: str
    description: str
    asks: tuple[str, ...]
    calls: tuple[ToolCall, ...]
    steps: tuple[Step, ...] = ()
    said: tuple[Said, ...] = ()
    choices: tuple[Choice, ...] = ()
    tell: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``persona`` is the row of the world that talks; ``values`` its fields."""

    world: str
    sub_tasks: tuple[SubTask, ...]
    persona: Mapping[str, JsonValue] = field(default_factory=dict)
