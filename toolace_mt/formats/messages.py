"""OpenAI chat messages, in all the spellings that data sets have."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.agent_parts import has_agent_parts, plain_messages
from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import calls_of, read_arguments
from toolace_mt.formats.json_text import NotJsonError, dump_json, parse_json
from toolace_mt.formats.parallel import may_be_spread, spread_calls, spread_result
from toolace_mt.formats.parts import read_content
from toolace_mt.transcript import JsonObject, JsonValue, Message, RecordedCall, Role

__all__ = ["read_messages", "write_message"]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "tool_call": "assistant",
    "function_call": "assistant",
    "tool_response": "tool",
    "tool_result": "tool",
    "function_response": "tool",
    "function_result": "tool",
    "ipython": "tool",
    "ai": "assistant",
    "chatbot": "assistant",
}
_CALLING = ("tool_call", "function_call")


def read_messages(value: JsonValue) -> tuple[Message, ...]:
    """Read a list of messages; raise UnreadableRecordError at the first that is none."""
    if not isinstance(value, list):
        raise UnreadableRecordError("messages are no list")
    if any(_may_be_in_parts(item) for item in value):  # seldom, and cheap to see
        value = [plain for turn, item in enumerate(value) for plain in _without_parts(item, turn)]
    messages: list[Message] = []
    any_spread = False
    for turn, item in enumerate(value):
        message = _message(item, turn)
        if message.calls:
            any_spread = any_spread or may_be_spread(message.calls)
        elif any_spread and message.call_id is not None:
            messages.extend(spread_result(message, messages))
            continue
        elif message.role == "tool" and message.call_id is None and isinstance(message.value, list):
            messages.extend(_one_by_one(message, message.value, messages))
            continue
        messages.append(message)
    return tuple(messages)


def _may_be_in_parts(item: JsonValue) -> bool:
    return isinstance(item, (dict, Mapping)) and ("parts" in item or isinstance(item.get("content"), list))


def _without_parts(item: JsonValue, turn: int) -> list[JsonValue]:
    if isinstance(item, (dict, Mapping)) and has_agent_parts(item):
        return plain_messages(item, turn)
    return [item]


def _one_by_one(message: Message, values: list[JsonValue], before: list[Message]) -> tuple[Message, ...]:
    """One tool message may hold the results of several calls, as a list in their order."""
    open_calls = len(before[-1].calls) if before else 0
    if open_calls < 2 or len(values) != open_calls:
        return (message,)
    return tuple(Message(role="tool", value=value) for value in values)


def _message(item: JsonValue, turn: int) -> Message:
    if not isinstance(item, (dict, Mapping)):
        raise UnreadableRecordError(f"message {turn} is no object")
    spoken = item.get("role")
    role = _ROLES.get(spoken if isinstance(spoken, str) else "")
    if role is None:
        item = _respelled(item, turn)
        role = _ROLES[str(item["role"])]
    if role == "tool":
        name = item.get("name")
        call_id = item.get("tool_call_id")
        return Message(
            role,
            None,
            (),
            call_id if isinstance(call_id, str) else None,
            name if isinstance(name, str) else None,
            _failure(item["error"]) if item.get("error") else _result(item.get("content"), turn),
        )
    written = item.get("content")
    if written is None and isinstance(item.get("refusal"), str):
        written = item["refusal"]
    if item["role"] in _CALLING:
        return Message(role=role, calls=_spoken_calls(written))
    if written is None or isinstance(written, str):
        if "tool_calls" in item or "function_call" in item:
            return Message(role, written, _calls(item, turn))
        if written is None and item.get("parts"):
            raise UnreadableRecordError(f"message {turn} has its words in 'parts' of an unknown kind")
        return Message(role, written)
    content = read_content(written, turn)
    inside = tuple(_listed_call(entry, turn) for entry in content.calls)
    return Message(role=role, text=content.text, calls=inside + _calls(item, turn))


def _respelled(item: JsonObject, turn: int) -> JsonObject:
    """Some write a role with a capital or in two words; LangChain calls it a message's ``type``, and may wrap
    the message.
    """
    wrapped = item.get("kwargs" if "lc" in item else "data")
    inner = {"type": item.get("type"), **wrapped} if isinstance(wrapped, (dict, Mapping)) else item
    spoken = inner.get("role", inner.get("type"))
    role = spoken.lower().replace(" ", "_").replace("-", "_") if isinstance(spoken, str) else ""
    if role not in _ROLES:
        raise UnreadableRecordError(f"message {turn} has the unknown role {str(spoken)[:40]!r}")
    return {**inner, "role": role}


def _spoken_calls(written: JsonValue) -> tuple[RecordedCall, ...]:
    """A turn of the role ``tool_call`` holds nothing but a call, as text."""
    try:
        return calls_of(written, "the turn")
    except UnreadableRecordError:
        return (RecordedCall(name="?", arguments=None, raw=str(written)),)


def _failure(error: JsonValue) -> JsonObject:
    """Some keep a failure apart from the content: as text, or as an object with a message."""
    told = error.get("message") if isinstance(error, (dict, Mapping)) else error
    return {"error": told if isinstance(told, str) else "the tool failed"}


def _result(content: JsonValue, turn: int) -> JsonValue:
    """Give a tool message's result: the JSON that the text holds, else the text."""
    text = content
    if not isinstance(content, str) and _is_parts(content):
        text = read_content(content, turn).text
    if not isinstance(text, str):
        return text
    try:
        return parse_json(text)
    except NotJsonError:
        return text


def _is_parts(content: JsonValue) -> bool:
    return isinstance(content, list) and all(
        isinstance(part, str) or (isinstance(part, (dict, Mapping)) and isinstance(part.get("type"), str))
        for part in content
    )


def _calls(item: JsonObject, turn: int) -> tuple[RecordedCall, ...]:
    listed = item.get("tool_calls")
    old = item.get("function_call")
    if listed is None and isinstance(old, (dict, Mapping)):
        return (_call(old, None, turn),)
    if listed is None and isinstance(old, list):
        listed = old
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise UnreadableRecordError(f"message {turn} has tool_calls that are no list")
    return tuple([one for entry in listed for one in spread_calls(_listed_call(entry, turn))])


def _listed_call(entry: JsonValue, turn: int) -> RecordedCall:
    if not isinstance(entry, (dict, Mapping)):
        raise UnreadableRecordError(f"message {turn} has a tool call that is no object")
    if entry.get("type") == "custom":
        return _custom_call(entry, turn)
    function = entry.get("function", entry)
    call_id = entry.get("id")
    if isinstance(function, str):
        function = {**entry, "name": function}
    if not isinstance(function, (dict, Mapping)):
        raise UnreadableRecordError(f"message {turn} has a tool call whose function is no object")
    return _call(function, call_id if isinstance(call_id, str) else None, turn)


def _custom_call(entry: JsonObject, turn: int) -> RecordedCall:
    """A custom tool takes free text: it is the argument ``input``."""
    custom, call_id = entry.get("custom", entry), entry.get("id")
    name = custom.get("name") if isinstance(custom, (dict, Mapping)) else None
    if not isinstance(custom, (dict, Mapping)) or not isinstance(name, str) or not name:
        raise UnreadableRecordError(f"message {turn} has a custom tool call without a name")
    written = custom.get("input", custom.get("arguments"))
    return RecordedCall(
        name=name, arguments={"input": written}, id=call_id if isinstance(call_id, str) else None
    )


def _call(function: JsonObject, call_id: str | None, turn: int) -> RecordedCall:
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise UnreadableRecordError(f"message {turn} has a tool call without a name")
    written = function.get("arguments")
    if written is None:
        written = function.get("parameters", function.get("args"))
    arguments, raw = read_arguments(written)
    return RecordedCall(name, arguments, call_id, raw)


def write_message(message: Message) -> JsonObject:
    """Write a message; a result becomes its JSON text."""
    if message.role == "tool":
        written: dict[str, JsonValue] = {"role": "tool"}
        if message.call_id is not None:
            written["tool_call_id"] = message.call_id
        if message.name is not None:
            written["name"] = message.name
        return {**written, "content": dump_json(message.value)}
    plain: dict[str, JsonValue] = {"role": message.role, "content": message.text}
    if message.calls:
        plain["tool_calls"] = [_write_call(call) for call in message.calls]
    return plain


def _write_call(call: RecordedCall) -> JsonObject:
    arguments = (call.raw or "") if call.arguments is None else dump_json(call.arguments)
    named = {} if call.id is None else {"id": call.id}
    return {**named, "type": "function", "function": {"name": call.name, "arguments": arguments}}
