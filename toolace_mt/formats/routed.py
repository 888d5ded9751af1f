"""Trajectories whose real calls are nested in a router tool, as LiveMCPBench has them."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity
from toolace_mt.transcript import JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["RoutedFormat"]

_INNER = ("params", "arguments", "parameters", "args", "input")
_ENTRIES_LOOKED_AT = 400


class RoutedFormat:
    """Reads OpenAI messages and takes the nested tool and its arguments for the call."""

    name = "routed"

    def detect(self, sample: JsonValue) -> bool:
        messages = sample.get("messages") if isinstance(sample, (dict, Mapping)) else None
        if not isinstance(messages, list):
            return False
        return any(
            _is_routed(message["tool_calls"])
            for message in messages[:_ENTRIES_LOOKED_AT]
            if isinstance(message, dict) and "tool_calls" in message
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, (dict, Mapping)):
            raise UnreadableRecordError("the record is no object")
        messages = read_messages(record.get("messages"))
        return Transcript(
            id=identity(record, place),
            messages=tuple(_unrouted(message) for message in messages),
            tools=read_tools(record.get("tools")),
            place=place,
        )


def _is_routed(calls: JsonValue) -> bool:
    for entry in calls if isinstance(calls, list) else ():
        function = entry.get("function") if isinstance(entry, (dict, Mapping)) else None
        arguments = function.get("arguments") if isinstance(function, (dict, Mapping)) else None
        if isinstance(arguments, str):
            if '"tool_name"' in arguments and '"server_name"' in arguments:
                return True
        elif isinstance(arguments, (dict, Mapping)) and {"tool_name", "server_name"} <= arguments.keys():
            return True
    return False


def _unrouted(message: Message) -> Message:
    if not message.calls:
        return message
    return message._replace(calls=tuple(_inner(call) for call in message.calls))


def _inner(call: RecordedCall) -> RecordedCall:
    given = call.arguments or {}
    name = given.get("tool_name")
    nested = next((given[key] for key in _INNER if isinstance(given.get(key), Mapping)), None)
    if not isinstance(name, str) or not name or "server_name" not in given:
        return call
    return call._replace(name=name, arguments=nested if isinstance(nested, (dict, Mapping)) else {})
