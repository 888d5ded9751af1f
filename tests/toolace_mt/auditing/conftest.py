"""A small tool pack, and dialogues that were really executed in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import Call, Returned, Trajectory, open_pack, run

TOOLS_PY = """
def get_order(state, ctx, order_id):
    order = state["orders"].get(order_id)
    if order is None:
        ctx.fail("not_found", f"no order {order_id}")
    return {"order_id": order_id, "status": order["status"]}


def cancel_order(state, ctx, order_id):
    order = state["orders"].get(order_id)
    if order is None:
        ctx.fail("not_found", f"no order {order_id}")
    order["status"] = "cancelled"
    return {"order_id": order_id, "status": "cancelled"}


def spin(state, ctx):
    while True:
        pass
"""
RESULT = {
    "type": "object",
    "properties": {"order_id": {"type": "string"}, "status": {"type": "string"}},
    "required": ["order_id", "status"],
    "additionalProperties": False,
}


def _tool(name: str, effect: str, parameters: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": parameters,
        "required": list(parameters),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": name, "description": f"{name}.", "parameters": schema},
        "returns": RESULT,
        "effect": effect,
        "touches": ["orders"],
        "errors": {"not_found": "There is no such order."} if parameters else {},
    }


@pytest.fixture(scope="session")
def pack_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "desk"
    (folder / "worlds").mkdir(parents=True)
    (folder / "pack.yaml").write_text(
        "name: desk\nversion: 1.0.0\nlicence: Apache-2.0\ndescription: A desk.\n"
        'clock: "2026-03-02T09:00:00Z"\n'
    )
    order = {"type": "string"}
    tools = [
        _tool("get_order", "read", {"order_id": order}),
        _tool("cancel_order", "write", {"order_id": order}),
        _tool("spin", "read", {}),
    ]
    (folder / "tools.json").write_text(json.dumps(tools))
    (folder / "tools.py").write_text(TOOLS_PY)
    (folder / "state.schema.json").write_text('{"type": "object"}')
    world = {"orders": {key: {"order_id": key, "status": "pending"} for key in ("O1", "O2")}}
    (folder / "worlds" / "first.json").write_text(json.dumps(world))
    return folder


Recorder = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def recorded(pack_folder: Path) -> Recorder:
    """Give a function that executes calls and writes down the dialogue, in our own format."""
    pack = open_pack(pack_folder)

    def record(*calls: tuple[str, dict[str, Any]], id: str = "d0") -> dict[str, Any]:
        trajectory = Trajectory(start="first", calls=tuple(Call(name=n, arguments=a) for n, a in calls))
        (done,) = run(pack, [trajectory])
        said = " and ".join(str(value) for _, arguments in calls for value in arguments.values())
        messages: list[dict[str, Any]] = [{"role": "user", "content": f"Please see to {said}."}]
        for number, ((name, arguments), step) in enumerate(zip(calls, done.steps, strict=True)):
            function = {"name": name, "arguments": json.dumps(arguments)}
            call = {"id": f"call_{number}", "type": "function", "function": function}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            match step.outcome:
                case Returned(value):
                    content: Any = value
                case fault:
                    content = {"error": {"kind": fault.kind, "code": fault.code, "message": fault.message}}
            messages.append(
                {"role": "tool", "tool_call_id": f"call_{number}", "content": json.dumps(content)}
            )
        messages.append({"role": "assistant", "content": "That is done."})
        metadata = {"pack": "desk", "world": "first", "final_state_digest": done.final_state_digest}
        tools = [tool.declaration for tool in pack.tools]
        return {"id": id, "tools": tools, "messages": messages, "metadata": metadata}

    return record
