"""Several calls written as one of ``multi_tool_use.parallel``, which some models learned to make up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.transcript import JsonValue, Message, RecordedCall

__all__ = ["may_be_spread", "spread_calls", "spread_result"]

_PARALLEL = ("multi_tool_use.parallel", "multi_tool_use_parallel")
_NAMESPACE = "functions."
_JOINT = "/"


def spread_calls(call: RecordedCall) -> tuple[RecordedCall, ...]:
    """Give the calls that a call holds in ``tool_uses``, the ids numbered; any other call is given back."""
    if call.name not in _PARALLEL or call.arguments is None:
        return (call,)
    uses = call.arguments.get("tool_uses")
    if not isinstance(uses, (list, tuple)) or not uses:
        return (call,)
    calls = [_used(use, call.id, number) for number, use in enumerate(uses)]
    return (call,) if None in calls else tuple(one for one in calls if one is not None)


def _used(use: JsonValue, call_id: str | None, number: int) -> RecordedCall | None:
    name = use.get("recipient_name") if isinstance(use, Mapping) else None
    arguments = use.get("parameters") if isinstance(use, Mapping) else None
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        return None
    own_id = None if call_id is None else f"{call_id}{_JOINT}{number}"
    return RecordedCall(name=name.removeprefix(_NAMESPACE), arguments=arguments, id=own_id)


def may_be_spread(calls: Sequence[RecordedCall]) -> bool:
    """Tell whether some of the calls may be parts of one, and their results one."""
    return any(call.id is not None and _JOINT in call.id for call in calls)


def spread_result(message: Message, before: Sequence[Message]) -> Iterator[Message]:
    """Give one result for each of the calls that were one: the items of a list of so many, else the whole to
    each, since nobody can tell which part is whose."""
    ids = _spread_ids(message.call_id, before)
    value = message.value
    if len(ids) < 2:
        yield message if not ids else message._replace(call_id=ids[0])
        return
    values = value if isinstance(value, list) and len(value) == len(ids) else [value] * len(ids)
    for own_id, item in zip(ids, values, strict=True):
        yield Message(role="tool", value=item, call_id=own_id)


def _spread_ids(call_id: str | None, before: Sequence[Message]) -> list[str]:
    asking = next((message for message in reversed(before) if message.role != "tool"), None)
    if call_id is None or asking is None:
        return []
    return [call.id for call in asking.calls if call.id is not None and _is_part(call.id, call_id)]


def _is_part(own_id: str, call_id: str) -> bool:
    whole, joint, _ = own_id.rpartition(_JOINT)
    return joint != "" and whole == call_id
