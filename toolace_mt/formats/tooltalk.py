"""ToolTalk: a conversation whose assistant turns list their API requests with responses and exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of
from toolace_mt.formats.json_text import dump_json
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, Setting, Transcript

__all__ = ["ToolTalkFormat"]


class ToolTalkFormat:
    """Reads ``conversation`` of text and apis.

    The metadata (place, time, session) is what the assistant is told; ``user`` is state that stays hidden.
    """

    name = "tooltalk"

    def detect(self, sample: JsonValue) -> bool:
        turns = sample.get("conversation") if isinstance(sample, Mapping) else None
        if not isinstance(turns, list) or not turns or not isinstance(turns[0], Mapping):
            return False
        return "text" in turns[0] and "role" in turns[0]

    def read(self, record: JsonValue, place: Place) -> Transcript:
        turns = record.get("conversation") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(turns, list):
            raise UnreadableRecordError("the record has no conversation")
        messages: list[Message] = []
        metadata = record.get("metadata")
        if isinstance(metadata, Mapping):
            messages.append(Message(role="system", text=_told(metadata)))
        for number, turn in enumerate(turns):
            if not isinstance(turn, Mapping):
                raise UnreadableRecordError(f"turn {number} is no object")
            messages.extend(_messages(turn, number))
        return Transcript(
            id=identity(record, place) if "conversation_id" not in record else str(record["conversation_id"]),
            messages=tuple(messages),
            tools=read_tools(record.get("tools")),
            place=place,
            setting=Setting(hidden=record.get("user")),
        )


def _told(metadata: JsonObject) -> str:
    return "\n".join(
        f"{key}: {value if isinstance(value, str) else dump_json(value)}" for key, value in metadata.items()
    )


def _messages(turn: JsonObject, number: int) -> Iterator[Message]:
    """The requests of a turn were made one after the other, before the assistant spoke."""
    text = turn.get("text")
    if not isinstance(text, str):
        raise UnreadableRecordError(f"turn {number} has no text")
    if turn.get("role") == "user":
        yield Message(role="user", text=text)
        return
    if turn.get("role") != "assistant":
        raise UnreadableRecordError(f"turn {number} has the unknown role {str(turn.get('role'))[:40]!r}")
    apis = turn.get("apis")
    for entry in apis if isinstance(apis, list) else ():
        if not isinstance(entry, Mapping):
            raise UnreadableRecordError(f"turn {number} has a request that is no object")
        yield Message(role="assistant", calls=(call_of(entry.get("request"), f"turn {number}"),))
        failure = entry.get("exception")
        if isinstance(failure, str) and failure:
            yield Message(role="tool", value={"error": failure})
        elif "response" in entry:
            yield Message(role="tool", value=entry["response"])
    yield Message(role="assistant", text=text)
