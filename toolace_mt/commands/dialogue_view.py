"""A dialogue in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from toolace_mt.commands.plain_text import plain

__all__ = ["dialogue_lines"]

_MOST_LETTERS = 300


def dialogue_lines(record: Mapping[str, Any]) -> Iterator[Text]:
    """One line a message of a record of ``dialogues.jsonl``; long results are cut."""
    for message in record["messages"]:
        match message["role"]:
            case "system":
                yield _line("system", message["content"], "dim")
            case "user":
                yield _line("user", message["content"], "bold cyan")
            case "tool":
                yield _line("result", message["content"], "dim")
            case _ if message.get("tool_calls"):
                for call in message["tool_calls"]:
                    function = call["function"]
                    yield _line("call", f"{function['name']} {function['arguments']}", "magenta")
            case _:
                yield _line("assistant", message["content"], "bold green")


def _line(speaker: str, text: str, style: str) -> Text:
    shown = text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]} ..."
    return Text.assemble((f"{speaker:>10}  ", style), plain(" ".join(shown.split())))
