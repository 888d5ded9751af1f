"""ToolBench: search trees with the messages of the chosen branch, as the old ``function_call`` dialect."""

from __future__ import annotations

from collections.abc import Mapping

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import read_arguments
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity, read_result
from toolace_mt.transcript import JsonValue, Message, Place, RecordedCall, Transcript

__all__ = ["ToolBenchFormat"]


class ToolBenchFormat:
    """Reads the branch that gave the answer, or the first branch of the tree where none did."""

    name = "toolbench"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and "tree" in sample and "answer_generation" in sample

    def read(self, record: JsonValue, place: Place) -> Transcript:
        answer = record.get("answer_generation") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(answer, Mapping):
            raise UnreadableRecordError("the record has no answer_generation")
        trained = answer.get("train_messages")
        if isinstance(trained, list) and trained and isinstance(trained[-1], list):
            messages = read_messages(trained[-1])
        else:
            messages = _branch(record.get("tree"), answer.get("query"))
        return Transcript(
            id=identity(record, place),
            messages=messages,
            tools=read_tools(answer.get("function", answer.get("functions"))),
            place=place,
        )


def _branch(tree: JsonValue, query: JsonValue) -> tuple[Message, ...]:
    if not isinstance(query, str):
        raise UnreadableRecordError("the record has no query")
    messages = [Message(role="user", text=query)]
    node = tree.get("tree") if isinstance(tree, Mapping) else None
    name = "?"
    while isinstance(node, Mapping):
        described = node.get("description")
        text = described if isinstance(described, str) else ""
        match node.get("node_type"):
            case "Thought" if text:
                messages.append(Message(role="assistant", text=text))
            case "Action":
                name = text
            case "Action Input" if "observation" in node:
                _add_step(messages, name, text, node.get("observation"))
        children = node.get("children")
        node = children[0] if isinstance(children, list) and children else None
    return tuple(messages)


def _add_step(messages: list[Message], name: str, text: str, observation: JsonValue) -> None:
    arguments, raw = read_arguments(text)
    call = RecordedCall(name=name or "?", arguments=arguments, raw=raw)
    thought = messages.pop().text if messages[-1].role == "assistant" and not messages[-1].calls else None
    messages.append(Message(role="assistant", text=thought, calls=(call,)))
    value = read_result(observation) if isinstance(observation, str) else observation
    messages.append(Message(role="tool", name=call.name, value=value))
