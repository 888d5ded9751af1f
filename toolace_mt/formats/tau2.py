"""tau-bench and tau2-bench: tasks with gold actions, and the simulations of a results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolace_mt.formats.base import UnreadableRecordError
from toolace_mt.formats.call_text import call_of
from toolace_mt.formats.json_text import dump_json
from toolace_mt.formats.messages import read_messages
from toolace_mt.formats.references import steps_of
from toolace_mt.formats.tools import read_tools
from toolace_mt.formats.turns import identity, read_result
from toolace_mt.transcript import JsonObject, JsonValue, Message, Place, Setting, Transcript

__all__ = ["Tau2ResultFormat", "Tau2TaskFormat", "TauTaskFormat", "split_results"]


class Tau2TaskFormat:
    """Reads a task: what the user is told to want, and the actions that a perfect agent takes."""

    name = "tau2-tasks"

    def detect(self, sample: JsonValue) -> bool:
        return isinstance(sample, Mapping) and "user_scenario" in sample and "evaluation_criteria" in sample

    def read(self, record: JsonValue, place: Place) -> Transcript:
        if not isinstance(record, Mapping):
            raise UnreadableRecordError("the record is no object")
        criteria = record.get("evaluation_criteria")
        actions = criteria.get("actions") if isinstance(criteria, Mapping) else None
        initial = record.get("initial_state")
        history = initial.get("message_history") if isinstance(initial, Mapping) else None
        calls = [
            call_of(action, "the task")
            for action in (actions if isinstance(actions, list) else ())
            if not (isinstance(action, Mapping) and action.get("requestor") == "user")
        ]
        before = tuple(_simulated(history)) if isinstance(history, list) else ()
        return Transcript(
            id=identity(record, place),
            messages=(Message(role="user", text=_wish(record)), *before, *steps_of(calls)),
            tools=read_tools(record.get("tools")),
            place=place,
            setting=Setting(hidden=initial),
            is_reference=True,
            omits_calls=True,  # the score compares what the calls write: what they read is often left out
        )


def _wish(record: JsonObject) -> str:
    parts = [record.get("ticket"), record.get("user_scenario")]
    return "\n".join(part if isinstance(part, str) else dump_json(part) for part in parts if part)


class TauTaskFormat:
    """Reads a task of the first tau-bench: what a user is told, and the actions of the answer key."""

    name = "tau-tasks"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, Mapping) or not isinstance(sample.get("instruction"), str):
            return False
        actions = sample.get("actions")
        if not isinstance(actions, list) or not (actions or "outputs" in sample):
            return False
        return all(
            isinstance(action, Mapping) and "name" in action and "kwargs" in action for action in actions
        )

    def read(self, record: JsonValue, place: Place) -> Transcript:
        actions = record.get("actions") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(actions, list):
            raise UnreadableRecordError("the task has no actions")
        told = [part for key in ("user_id", "instruction") if isinstance(part := record.get(key), str)]
        return Transcript(
            id=identity(record, place),
            messages=(
                Message(role="user", text="\n".join(told)),
                *steps_of([call_of(action, "the task") for action in actions]),
            ),
            tools=read_tools(record.get("tools")),
            place=place,
            is_reference=True,
            omits_calls=True,
        )


class Tau2ResultFormat:
    """Reads one simulation; tools that the simulated user calls are not the assistant's doing."""

    name = "tau2-results"

    def detect(self, sample: JsonValue) -> bool:
        if not isinstance(sample, (dict, Mapping)) or not isinstance(sample.get("messages"), list):
            return False
        return "reward_info" in sample and "termination_reason" in sample

    def read(self, record: JsonValue, place: Place) -> Transcript:
        messages = record.get("messages") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(messages, list):
            raise UnreadableRecordError("the simulation has no messages")
        return Transcript(
            id=identity(record, place),
            messages=tuple(_simulated(messages)),
            tools=read_tools(record.get("tools")),
            place=place,
        )


def _simulated(messages: Sequence[JsonValue]) -> Iterator[Message]:
    for turn, entry in enumerate(messages):
        if not isinstance(entry, Mapping):
            raise UnreadableRecordError(f"message {turn} is no object")
        if entry.get("role") != "tool":
            plain = {key: value for key, value in entry.items() if key != "tool_calls"}
            if entry.get("role") == "user" and entry.get("tool_calls") and not entry.get("content"):
                continue  # the simulated user acts and says nothing
            yield from read_messages([plain if entry.get("role") == "user" else entry])
            continue
        inner = entry.get("tool_messages")
        for message in inner if isinstance(inner, list) else [entry]:
            if isinstance(message, Mapping) and message.get("requestor") != "user":
                yield _result(message)


def _result(message: JsonObject) -> Message:
    content, call_id = message.get("content"), message.get("id")
    value = read_result(content) if isinstance(content, str) else content
    if message.get("error") is True:
        value = {"error": content if isinstance(content, str) else "the tool failed"}
    return Message(role="tool", value=value, call_id=call_id if isinstance(call_id, str) else None)


def split_results(record: JsonValue) -> Sequence[JsonValue] | None:
    """Cut a results file into its simulations, or give None if it is none."""
    if not isinstance(record, (dict, Mapping)):
        return None
    simulations = record.get("simulations")
    if not isinstance(simulations, list) or not ("tasks" in record or "info" in record):
        return None
    info = record.get("info")
    environment = info.get("environment_info") if isinstance(info, Mapping) else None
    tools = environment.get("tool_defs") if isinstance(environment, Mapping) else None
    extra = {} if not tools else {"tools": tools}
    return [{**entry, **extra} if isinstance(entry, Mapping) else entry for entry in simulations]
