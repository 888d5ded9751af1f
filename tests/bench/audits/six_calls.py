"""Dialogues to audit: chat messages in the OpenAI dialect, six calls each, every value with a source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

__all__ = ["CALLS", "write_dialogues"]

CALLS = 6
_TEXT = {"type": "string"}
_DISTINCT_TOOL_LISTS = 40


def write_dialogues(path: Path, count: int) -> Path:
    """Write so many dialogues, one a line."""
    with path.open("wb") as file:
        for number in range(count):
            file.write(orjson.dumps(_dialogue(number)) + b"\n")
    return path


def _dialogue(number: int) -> dict[str, Any]:
    order, item, city = f"O-{10_000 + number}", f"lamp {number % 97}", ("Turin", "Graz", "Ghent")[number % 3]
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You help the customers of a shop. Today is 2026-03-02."},
        {"role": "user", "content": f"Where is my order {order}? I think that it went to {city}."},
        *_call(0, "get_order", {"order_id": order}, _order(order, item, city)),
        *_call(
            1, "find_items", {"words": item}, {"items": [{"sku": f"S{number}", "name": item, "price": 25}]}
        ),
        {"role": "assistant", "content": f"Your order {order} with the {item} is on its way to {city}."},
        {
            "role": "user",
            "content": f"Please send it to 12 Mill Lane, and add {2 + number % 5} more of them.",
        },
        *_call(2, "set_address", {"order_id": order, "address": "12 Mill Lane"}, _order(order, item, city)),
        *_call(
            3, "add_item", {"order_id": order, "sku": f"S{number}", "count": 2 + number % 5}, {"total": 75}
        ),
        {"role": "assistant", "content": "That is done: the address is changed, and the lamps are added."},
        {"role": "user", "content": "Good. Pay with the card that you have, and tell me when it is paid."},
        *_call(4, "get_cards", {"order_id": order}, {"cards": [{"card_id": f"C{number}", "kind": "debit"}]}),
        *_call(
            5, "pay_order", {"order_id": order, "card_id": f"C{number}"}, {"order_id": order, "paid": True}
        ),
        {"role": "assistant", "content": f"The order {order} is paid with your debit card."},
    ]
    return {"id": f"d{number}", "tools": [*_tools(number % _DISTINCT_TOOL_LISTS)], "messages": messages}


def _order(order: str, item: str, city: str) -> dict[str, Any]:
    return {"order_id": order, "status": "shipped", "city": city, "lines": [{"item": item, "count": 1}]}


def _call(
    number: int, name: str, arguments: dict[str, Any], result: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    call_id = f"call_{number}"
    yield {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }
    yield {"role": "tool", "tool_call_id": call_id, "content": orjson.dumps(result).decode()}


def _tools(version: int) -> Iterator[dict[str, Any]]:
    order = {"order_id": {**_TEXT, "pattern": "^O-[0-9]+$"}}
    parameters: dict[str, dict[str, Any]] = {
        "get_order": order,
        "find_items": {"words": _TEXT, "limit": {"type": "integer", "default": 10 + version}},
        "set_address": {**order, "address": _TEXT},
        "add_item": {**order, "sku": _TEXT, "count": {"type": "integer", "minimum": 1}},
        "get_cards": order,
        "pay_order": {**order, "card_id": _TEXT},
    }
    for name, properties in parameters.items():
        required = [key for key in properties if key != "limit"]
        schema = {"type": "object", "properties": properties, "required": required}
        yield {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}
