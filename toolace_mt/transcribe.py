"""A draft as the data set will show it."""

from __future__ import annotations

from collections.abc import Iterator

from toolace_mt.dialogue import AssistantTurn, CallTurn, Dialogue, DialogueError, ResultTurn, UserTurn
from toolace_mt.draft import Draft
from toolace_mt.transcript import Message, RecordedCall, Setting, Transcript

__all__ = ["first_turn_of", "messages_of", "transcript_of"]


def transcript_of(draft: Draft, *, final_state_digest: str) -> Transcript:
    """The transcript of a complete draft; calls get the ids ``call_0``, ``call_1``, ..."""
    return Transcript(
        id=draft.id,
        messages=tuple(messages_of(draft.dialogue)),
        tools=draft.dialogue.tools,
        setting=Setting(pack=draft.pack, world=draft.start.world, final_state_digest=final_state_digest),
    )


def messages_of(dialogue: Dialogue) -> Iterator[Message]:
    """The messages of a dialogue without gaps: its system text, then its turns; a result is one message."""
    yield Message(role="system", text=dialogue.system)
    made = 0
    for turn in dialogue.turns:
        match turn:
            case UserTurn(text):
                yield Message(role="user", text=text)
            case AssistantTurn(text):
                yield Message(role="assistant", text=text)
            case CallTurn(calls):
                recorded = tuple(
                    RecordedCall(id=f"call_{made + index}", name=call.name, arguments=call.arguments)
                    for index, call in enumerate(calls)
                )
                yield Message(role="assistant", calls=recorded)
                made += len(calls)
            case ResultTurn(results):
                for index, result in enumerate(results):
                    call_id = f"call_{made - len(results) + index}"
                    yield Message(role="tool", call_id=call_id, value=result.value)
            case _:
                raise DialogueError("a dialogue with a gap cannot be written down")


def first_turn_of(dialogue: Dialogue, message: int) -> int | None:
    """The turn of the dialogue that a message's index belongs to; None for the system text."""
    index = 1
    for position, turn in enumerate(dialogue.turns):
        index += len(turn.results) if isinstance(turn, ResultTurn) else 1
        if message < index:
            return None if message == 0 else position
    return None
