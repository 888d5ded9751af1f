"""For tests, here and elsewhere: dialogues as a Hypothesis strategy, drafts that were really laid out, and a
model whose rewordings keep every rule.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import anyio.lowlevel
from hypothesis import strategies as st

from engine import ChatReply, ChatRequest, Usage
from engine.testing import Answer
from sandbox import Call, Execution, Pack, Runtime, Snapshot, Step, ToolSpec, Trajectory
from toolace_mt.chance import source_of_chance
from toolace_mt.dialogue import (
    AssistantTurn,
    CallTurn,
    Dialogue,
    ResultTurn,
    ToolCall,
    ToolResult,
    Turn,
    UserTurn,
)
from toolace_mt.draft import Draft, Part, Slot, SlotKind
from toolace_mt.phrases import Phrase
from toolace_mt.planners.walk import walk
from toolace_mt.stages.initialize import initialize

__all__ = [
    "FunctionModel",
    "Stage",
    "answer_harmlessly",
    "dialogues",
    "exchange_turns",
    "harmless_fill",
    "harmless_reply",
    "make_dialogue",
    "make_slot",
    "stage_of",
]

_TEXTS: Final = st.text(st.sampled_from("abc ?."), min_size=1, max_size=12)
_NAMES: Final = st.sampled_from(("get_order", "cancel_order", "list_orders"))
# Each is a word that the rules let anybody begin a sentence with.
_OPENERS: Final = ("Okay", "So", "Well", "Good", "Fine", "Sure")


# Dialogues


def make_dialogue(*turns: Turn, system: str = "A desk.") -> Dialogue:
    """A dialogue of these turns without tools on offer.  Raises ``DialogueError``."""
    return Dialogue(system=system, tools=(), turns=turns)


def make_slot(
    text: str, *facts: str, kind: SlotKind = SlotKind.REQUEST, sub_task: int = 0, picks: int = 0
) -> Slot:
    """A slot of one part that has to say ``text`` with these facts in it."""
    return Slot(kind=kind, parts=(Part(kind, Phrase(text, facts)),), sub_task=sub_task, picks=picks)


@st.composite
def exchange_turns(draw: st.DrawFn) -> tuple[Turn, ...]:
    """What the user says, any calls with their results, and what the assistant answers."""
    turns: list[Turn] = [UserTurn(draw(_TEXTS))]
    for _ in range(draw(st.integers(0, 3))):
        names = draw(st.lists(_NAMES, min_size=1, max_size=3))
        turns.append(CallTurn(tuple(ToolCall(name=name, arguments={"n": draw(_TEXTS)}) for name in names)))
        turns.append(ResultTurn(tuple(ToolResult(value=draw(_TEXTS), failed=False) for _ in names)))
    return (*turns, AssistantTurn(draw(_TEXTS)))


@st.composite
def dialogues(draw: st.DrawFn, *, complete: bool = True) -> Dialogue:
    """Well-formed dialogues of one to four exchanges; if not ``complete`` also ones that stop anywhere."""
    turns = [turn for part in draw(st.lists(exchange_turns(), min_size=1, max_size=4)) for turn in part]
    if not complete:
        turns = turns[: draw(st.integers(0, len(turns)))]
    return make_dialogue(*turns)


# Drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A pack with a runtime: what the stages of the pipeline work on."""

    pack: Pack
    runtime: Runtime
    distractors: Sequence[ToolSpec] = ()

    async def run(self, trajectory: Trajectory) -> Execution:
        return (await self.runtime.run(self.pack, [trajectory]))[0]

    async def execute(self, at: Snapshot, call: Call) -> Step:
        return (
            await self.run(Trajectory(start=at, calls=(call,), keep_snapshots=True, keep_final=False))
        ).steps[0]

    async def draft(self, seed: int, *, world: str | None = None) -> Draft:
        """Plan a dialogue and lay it out coarsely, as the pipeline does.  Raises ``PlanError``."""
        chance = source_of_chance(seed, "plan")
        name = world or chance.choice(sorted(self.pack.worlds))
        start = Snapshot(world=name, state=self.pack.worlds[name])
        plan = await walk(self.pack, start, chance, self.execute)
        return initialize(
            id=f"d{seed:07d}",
            seed=seed,
            pack=self.pack,
            start=start,
            plan=plan,
            distractors=self.distractors,
        )


def stage_of(pack: Pack, runtime: Runtime, others: Sequence[Pack] = ()) -> Stage:
    """The stage of a pack, with the tools of ``others`` as distractors."""
    distractors = tuple(tool for other in others if other.name != pack.name for tool in other.tools)
    return Stage(pack=pack, runtime=runtime, distractors=distractors)


# Models


def harmless_fill(coarse: str, seed: int) -> str:
    """``coarse`` with a word before it: a rewording that keeps every rule, another one for most seeds."""
    return f"{random.Random(seed).choice(_OPENERS)}, {coarse}"


def harmless_reply(schema: Mapping[str, Any] | None, asked: str, seed: int) -> str:
    """Answer what the stages ask: a fill for a rewording, a verdict for a comparison, as JSON."""
    if schema is not None and "better" in schema["properties"]:
        return json.dumps({"better": _preferred(asked)})
    return json.dumps({"text": harmless_fill(asked, seed)})


def _preferred(asked: str) -> str:
    """The wording that has the smaller digest, whichever stands first: a judge with a taste of its own."""
    first, second = asked.rsplit("\nA: ", 1)[1].split("\nB: ")
    return "A" if _digest(first) <= _digest(second) else "B"


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def answer_harmlessly(asked: Mapping[str, Any], number: int) -> Answer:
    """The same for ``engine.testing.OpenAIServer``."""
    del number
    wanted = asked.get("response_format")
    schema = wanted["json_schema"]["schema"] if wanted else None
    return Answer(text=harmless_reply(schema, asked["messages"][-1]["content"], asked.get("seed", 0)))


def _reply_to(request: ChatRequest) -> str:
    return harmless_reply(request.schema, request.messages[-1].content, request.seed)


class FunctionModel:
    """Answers each request with what a plain function makes of it.

    ``delay`` gives how many times the event loop goes round before the reply arrives, so that a test can let
    replies overtake each other.  ``requests`` holds all that was asked.
    """

    def __init__(
        self,
        write: Callable[[ChatRequest], str] = _reply_to,
        *,
        name: str = "function",
        delay: Callable[[ChatRequest], int] = lambda _: 0,
        pause: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint,
    ) -> None:
        self._write = write
        self._name = name
        self._delay = delay
        self._pause = pause
        self.requests: list[ChatRequest] = []

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        for _ in range(self._delay(request)):
            await self._pause()
        text = self._write(request)
        words = sum(len(message.content.split()) for message in request.messages)
        usage = Usage(prompt_tokens=words, completion_tokens=len(text.split()))
        return ChatReply(text=text, model=self._name, usage=usage)
