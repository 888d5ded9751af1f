"""A dialogue as a value: well-formed by construction, and edited by mask, fill and extend.

The paper writes a dialogue as ``(o0, a1, o1, ..., an)`` (arXiv 2508.12685, section 3): observations ``o``
are what reaches the assistant (a user's words or tools' results), actions ``a`` what it does (a reply or
calls).  Here each of the two kinds of either is a turn of its own type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue

__all__ = [
    "AssistantTurn",
    "CallTurn",
    "Dialogue",
    "DialogueError",
    "MaskedTurn",
    "ResultTurn",
    "TextTurn",
    "ToolCall",
    "ToolResult",
    "Turn",
    "UserTurn",
]


class DialogueError(ValueError):
    """The turns do not make a well-formed dialogue, or an edit names a turn that it cannot apply to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call gave: ``value`` as JSON; ``failed`` when it is an error object instead of a result."""

    value: JsonValue
    failed: bool = False


@dataclass(frozen=True, slots=True)
class UserTurn:
    text: str


@dataclass(frozen=True, slots=True)
class AssistantTurn:
    """The assistant speaks to the user."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTurn:
    """The assistant calls one or more tools at once."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class ResultTurn:
    """What the calls of the turn before gave, in their order."""

    results: tuple[ToolResult, ...]


@dataclass(frozen=True, slots=True)
class MaskedTurn:
    """A turn of words that was taken out and is to be filled."""

    speaker: Literal["user", "assistant"]


Turn = UserTurn | AssistantTurn | CallTurn | ResultTurn | MaskedTurn
TextTurn = UserTurn | AssistantTurn

_KINDS: Mapping[type[Turn], str] = {
    UserTurn: "user",
    AssistantTurn: "assistant",
    CallTurn: "call",
    ResultTurn: "result",
}
_NEXT: Mapping[str, frozenset[str]] = {
    "start": frozenset({"user"}),
    "user": frozenset({"assistant", "call"}),
    "call": frozenset({"result"}),
    "result": frozenset({"assistant", "call"}),
    "assistant": frozenset({"user"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A system text, the tools on offer and the turns.

    It starts with the user; user and assistant alternate, calls are answered one for one, and the last
    turn is never a call or an unanswered result unless the dialogue is still being laid out
    (see ``is_complete``).

    Raises ``DialogueError`` when turns are out of order.
    """

    system: str
    tools: tuple[DeclaredTool, ...]
    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        before = "start"
        asked: tuple[ToolCall, ...] = ()
        for position, turn in enumerate(self.turns):
            kind = turn.speaker if isinstance(turn, MaskedTurn) else _KINDS[type(turn)]
            if kind not in _NEXT[before]:
                raise DialogueError(f"turn {position} is of kind {kind}, which cannot follow {before}")
            before = kind
            if isinstance(turn, CallTurn):
                asked = turn.calls
                if not asked:
                    raise DialogueError(f"turn {position} calls nothing")
            elif isinstance(turn, ResultTurn) and len(asked) != len(turn.results):
                raise DialogueError(f"turn {position} does not answer the calls before it one for one")

    @property
    def is_complete(self) -> bool:
        """No gap is left and the assistant has the last word."""
        return (
            bool(self.turns)
            and isinstance(self.turns[-1], AssistantTurn)
            and not any(isinstance(turn, MaskedTurn) for turn in self.turns)
        )

    @property
    def gaps(self) -> tuple[int, ...]:
        return tuple(place for place, turn in enumerate(self.turns) if isinstance(turn, MaskedTurn))

    def calls(self) -> tuple[ToolCall, ...]:
        """Every call in order."""
        return tuple(call for turn in self.turns if isinstance(turn, CallTurn) for call in turn.calls)

    def calls_before(self, position: int) -> int:
        """How many calls the turns before ``position`` make."""
        return sum(len(turn.calls) for turn in self.turns[:position] if isinstance(turn, CallTurn))

    def mask(self, positions: Iterable[int]) -> Dialogue:
        """Take the words out of the turns at ``positions``; only turns of words can be masked."""
        turns = list(self.turns)
        for position in positions:
            turn = turns[position] if 0 <= position < len(turns) else None
            match turn:
                case UserTurn():
                    turns[position] = MaskedTurn("user")
                case AssistantTurn():
                    turns[position] = MaskedTurn("assistant")
                case _:
                    raise DialogueError(f"turn {position} has no words to mask")
        return self._with(turns)

    def fill(self, texts: Mapping[int, str]) -> Dialogue:
        """Put words into the gaps at the keys of ``texts``; other gaps stay."""
        turns = list(self.turns)
        for position, text in texts.items():
            turn = turns[position] if 0 <= position < len(turns) else None
            if not isinstance(turn, MaskedTurn):
                raise DialogueError(f"turn {position} is not a gap")
            turns[position] = UserTurn(text) if turn.speaker == "user" else AssistantTurn(text)
        return self._with(turns)

    def reword(self, texts: Mapping[int, str]) -> Dialogue:
        """Mask the turns of words at the keys of ``texts`` and fill them."""
        turns = list(self.turns)
        for position, text in texts.items():
            turn = turns[position] if 0 <= position < len(turns) else None
            if not isinstance(turn, UserTurn | AssistantTurn):
                raise DialogueError(f"turn {position} has no words to mask")
            turns[position] = type(turn)(text)
        return self._with(turns)

    def extend(self, position: int, turns: Iterable[Turn]) -> Dialogue:
        """Insert ``turns`` before ``position``."""
        if not 0 <= position <= len(self.turns):
            raise DialogueError(f"there is no place {position} in a dialogue of {len(self.turns)} turns")
        return self._with((*self.turns[:position], *turns, *self.turns[position:]))

    def _with(self, turns: Iterable[Turn]) -> Dialogue:
        return Dialogue(system=self.system, tools=self.tools, turns=tuple(turns))
