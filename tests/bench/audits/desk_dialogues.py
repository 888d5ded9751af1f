"""Dialogues to audit in a pack: six calls each at the shop's service desk, with the results that they had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from sandbox import Call, Execution, Fault, Pack, ProcessRuntime, Trajectory, open_pack

__all__ = ["desk_dialogues"]

_WORLD = "default"
_USER = {"user_id": "U101"}
_ORDER = {"order_id": "W2041"}
_CALLS = (
    Call(name="find_user_by_email", arguments={"email": "nora.feld@example.com"}),
    Call(name="list_orders", arguments=_USER),
    Call(name="get_order", arguments=_ORDER),
    Call(name="get_account", arguments=_USER),
    Call(name="change_shipping_address", arguments={**_ORDER, "address_id": "A12"}),
    Call(name="cancel_order", arguments={**_ORDER, "reason": "no longer needed"}),
)


async def desk_dialogues(runtime: ProcessRuntime, count: int) -> bytes:
    """Execute the six calls and give so many dialogues of them, one a line."""
    pack = open_pack("retail")
    (run,) = await runtime.run(pack, [Trajectory(start=_WORLD, calls=_CALLS, keep_final=False)])
    tools = [*_tools(pack)]
    return b"".join(orjson.dumps(_dialogue(number, tools, run)) + b"\n" for number in range(count))


def _dialogue(number: int, tools: Sequence[dict[str, Any]], run: Execution) -> dict[str, Any]:
    lines = (
        f"Hello, it is about ticket {number}. My email is nora.feld@example.com.",
        "I found you. What can I do for you?",
        f"Please send the order with the wool blanket to my work address, before day {number % 90 + 2}.",
        "It goes to your work address now. Anything else?",
        f"I changed my mind {number % 7 + 2} times: it is no longer needed, so cancel it.",
        "The order is cancelled.",
    )
    steps = [_step(index, run) for index in range(len(_CALLS))]
    messages = [
        _said("user", lines[0]), *steps[0], _said("assistant", lines[1]),
        _said("user", lines[2]), *steps[1], *steps[2], *steps[3], *steps[4], _said("assistant", lines[3]),
        _said("user", lines[4]), *steps[5], _said("assistant", lines[5]),
    ]  # fmt: skip
    setting = {"pack": "retail", "world": _WORLD, "final_state_digest": run.final_state_digest}
    return {"id": f"d{number}", "tools": tools, "messages": messages, "metadata": setting}


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def _step(index: int, run: Execution) -> list[dict[str, Any]]:
    call, outcome = _CALLS[index], run.steps[index].outcome
    assert not isinstance(outcome, Fault)
    function = {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()}
    called = {"id": f"call_{index}", "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": f"call_{index}", "content": orjson.dumps(outcome.value).decode()},
    ]


def _tools(pack: Pack) -> Iterator[dict[str, Any]]:
    named = {call.name for call in _CALLS}
    for tool in pack.tools:
        if tool.name in named:
            function = {
                "name": tool.name,
                "description": tool.description,
                "parameters": _plain(tool.parameters),
            }
            yield {"type": "function", "function": function}


def _plain(schema: Any) -> Any:
    """The schema as a data set has it, without what only the planner reads."""
    if isinstance(schema, dict):
        return {key: _plain(part) for key, part in schema.items() if not key.startswith("x-")}
    return schema
