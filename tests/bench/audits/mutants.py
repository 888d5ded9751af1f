"""One fault of each kind put into clean dialogues, to see which rules find it.

Each mutation takes a dialogue of ours (chat messages as JSON) and a random generator, and gives the dialogue
with one fault, or None if there is no place for it.  Run as a program it says recall by kind:
``python -m tests.bench.audits.mutants``.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench.side_by_side import say
from toolace_mt import audit, generate
from toolace_mt.config import GenerateConfig

__all__ = ["KINDS", "Kind", "Recall", "clean_dialogues", "findings_by_dialogue", "measure", "mutants_of"]

Dialogue = dict[str, Any]
_ID = re.compile(r"[A-Z]{1,4}\d+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault: how it is made, and the rules that name it by the record alone and by execution."""

    name: str
    mutate: Callable[[Dialogue, random.Random], Dialogue | None]
    by_record: tuple[str, ...] = ()
    by_execution: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Of how many mutants of a kind the record alone, and the record with execution, showed the fault."""

    mutants: int
    by_record: int
    by_execution: int


def clean_dialogues(folder: Path, count: int) -> list[Dialogue]:
    """Make dialogues without a model: planned and executed, in coarse words."""
    silent = folder / "silent.jsonl"
    silent.write_text('{"cassette": 1, "model": "none"}\n', encoding="utf-8")
    generate(GenerateConfig(model=f"cassette:{silent}", count=count, rounds=0, repairs=0, out=folder / "run"))
    return [orjson.loads(line) for line in (folder / "run" / "dialogues.jsonl").read_bytes().splitlines()]


def mutants_of(dialogues: Iterable[Dialogue], seed: int = 0) -> Iterator[Dialogue]:
    """Give one mutant of each kind of each dialogue that has a place for it; its id begins with the kind."""
    for dialogue in dialogues:
        for kind in KINDS:
            chance = random.Random(f"{seed} {kind.name} {dialogue['id']}")
            mutant = kind.mutate(deepcopy(dialogue), chance)
            if mutant is not None:
                yield {**mutant, "id": f"{kind.name}/{dialogue['id']}"}


def findings_by_dialogue(
    dialogues: Iterable[Dialogue], folder: Path, environment: str | None
) -> dict[str, set[str]]:
    """Audit the dialogues and give the rules that found something, by dialogue; without mere remarks."""
    file = folder / "audited.jsonl"
    file.write_bytes(b"".join(orjson.dumps(dialogue) + b"\n" for dialogue in dialogues))
    found: dict[str, set[str]] = defaultdict(set)
    for located in audit(file, environment=environment).findings:
        if located.severity.value != "info":
            found[str(located.dialogue)].add(located.finding.rule)
    return found


def measure(dialogues: list[Dialogue], folder: Path) -> Mapping[str, Recall]:
    """Count for each kind how many mutants the expected rules found."""
    mutants = list(mutants_of(dialogues))
    static = findings_by_dialogue(mutants, folder, None)
    executed = findings_by_dialogue(mutants, folder, "auto")
    made = Counter(mutant["id"].split("/")[0] for mutant in mutants)

    def hits(kind: Kind, found: Mapping[str, set[str]], wanted: tuple[str, ...]) -> int:
        ids = (mutant["id"] for mutant in mutants if mutant["id"].startswith(f"{kind.name}/"))
        return sum(not found.get(one, set()).isdisjoint(wanted) for one in ids)

    return {
        kind.name: Recall(
            mutants=made[kind.name],
            by_record=hits(kind, static, kind.by_record),
            by_execution=hits(kind, executed, kind.by_record + kind.by_execution),
        )
        for kind in KINDS
    }


def _calls(dialogue: Dialogue) -> list[dict[str, Any]]:
    return [call["function"] for message in dialogue["messages"] for call in message.get("tool_calls") or ()]


def _results(dialogue: Dialogue) -> list[dict[str, Any]]:
    return [message for message in dialogue["messages"] if message["role"] == "tool"]


def _good_results(dialogue: Dialogue) -> list[dict[str, Any]]:
    return [result for result in _results(dialogue) if not result["content"].startswith('{"error"')]


def _pick(chance: random.Random, options: Iterable[Any]) -> Any:
    listed = list(options)
    return chance.choice(listed) if listed else None


def _arguments(dialogue: Dialogue) -> list[tuple[dict[str, Any], str, Any]]:
    """All arguments: the call, the name and the value."""
    return [
        (function, name, value)
        for function in _calls(dialogue)
        for name, value in orjson.loads(function["arguments"]).items()
    ]


def _with(function: dict[str, Any], name: str, value: Any) -> None:
    function["arguments"] = orjson.dumps({**orjson.loads(function["arguments"]), name: value}).decode()


def _schema(dialogue: Dialogue, tool: str) -> dict[str, Any]:
    for entry in dialogue["tools"]:
        if entry["function"]["name"] == tool:
            found: dict[str, Any] = entry["function"]["parameters"]
            return found
    return {}


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.match(value) is not None


def _id_digit(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """An id with another last digit, one that stands nowhere in the dialogue."""
    picked = _pick(chance, (found for found in _arguments(dialogue) if _is_id(found[2])))
    if picked is None:
        return None
    function, name, value = picked
    text = orjson.dumps(dialogue).decode()
    others = [f"{value[:-1]}{digit}" for digit in range(10)] + [f"{value}{digit}" for digit in range(10)]
    unseen = [other for other in others if re.search(rf"\b{other}\b", text) is None]
    _with(function, name, chance.choice(unseen))
    return dialogue


def _id_of_another_row(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """An id of the same table that an earlier result shows."""
    seen: list[str] = []
    places: list[tuple[dict[str, Any], str, list[str]]] = []
    for message in dialogue["messages"]:
        for call in message.get("tool_calls") or ():
            for name, value in orjson.loads(call["function"]["arguments"]).items():
                alike = [
                    one for one in seen if _is_id(value) and _letters(one) == _letters(value) and one != value
                ]
                if alike:
                    places.append((call["function"], name, alike))
        if message["role"] == "tool":
            seen += re.findall(r"\"([A-Z]{1,4}\d+)\"", message["content"])
    picked = _pick(chance, places)
    if picked is None:
        return None
    function, name, alike = picked
    _with(function, name, chance.choice(sorted(set(alike))))
    return dialogue


def _letters(text: str) -> str:
    return text.rstrip("0123456789")


def _enum_off(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    places = [
        (function, name)
        for function, name, value in _arguments(dialogue)
        if "enum" in _schema(dialogue, function["name"]).get("properties", {}).get(name, {})
    ]
    picked = _pick(chance, places)
    if picked is None:
        return None
    function, name = picked
    _with(function, name, "something else")
    return dialogue


def _type_changed(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    picked = _pick(chance, _arguments(dialogue))
    if picked is None:
        return None
    function, name, value = picked
    _with(function, name, [value] if isinstance(value, (str, dict)) else str(value))
    return dialogue


def _required_dropped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    places = [
        (function, name)
        for function, name, _ in _arguments(dialogue)
        if name in _schema(dialogue, function["name"]).get("required", ())
    ]
    picked = _pick(chance, places)
    if picked is None:
        return None
    function, name = picked
    left = {key: value for key, value in orjson.loads(function["arguments"]).items() if key != name}
    function["arguments"] = orjson.dumps(left).decode()
    return dialogue


def _unknown_argument(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    picked = _pick(chance, _calls(dialogue))
    if picked is None:
        return None
    _with(picked, "verbose", True)
    return dialogue


def _tool_renamed(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    picked = _pick(chance, _calls(dialogue))
    if picked is None:
        return None
    picked["name"] += "_v2"
    return dialogue


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where the texts and numbers inside a JSON value stand: container and key."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, (dict, list)):
            yield from _leaves(item)
        elif isinstance(item, (str, int, float)) and not isinstance(item, bool):
            yield value, key


def _result_altered(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """One value in a result is another; not the last part of an id, which could be a renaming."""
    result = _pick(chance, _good_results(dialogue))
    if result is None:
        return None
    value = orjson.loads(result["content"])
    place = _pick(chance, ((holder, key) for holder, key in _leaves(value) if not _is_id(holder[key])))
    if place is None:
        return None
    holder, key = place
    holder[key] = f"{holder[key]} or so" if isinstance(holder[key], str) else holder[key] + 3
    result["content"] = orjson.dumps(value).decode()
    return dialogue


def _results_swapped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    results = _good_results(dialogue)
    pairs = [(one, two) for one in results for two in results if one["content"] != two["content"]]
    picked = _pick(chance, pairs)
    if picked is None:
        return None
    one, two = picked
    one["content"], two["content"] = two["content"], one["content"]
    return dialogue


def _result_reordered(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    places = []
    for result in _good_results(dialogue):
        value = orjson.loads(result["content"])
        for key, item in value.items() if isinstance(value, dict) else ():
            if isinstance(item, list) and item != item[::-1]:
                places.append((result, value, key))
    picked = _pick(chance, places)
    if picked is None:
        return None
    result, value, key = picked
    value[key] = value[key][::-1]
    result["content"] = orjson.dumps(value).decode()
    return dialogue


def _result_ids_changed(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    results = [one for one in _good_results(dialogue) if re.search(r"\"[A-Z]{1,4}\d+\"", one["content"])]
    result = _pick(chance, results)
    if result is None:
        return None
    result["content"] = re.sub(r"\"([A-Z]{1,4})(\d+)\"", r'"\g<1>9\g<2>"', result["content"])
    return dialogue


def _result_dropped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    result = _pick(chance, _results(dialogue))
    if result is None:
        return None
    dialogue["messages"].remove(result)
    return dialogue


def _call_dropped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    message = _pick(chance, (one for one in dialogue["messages"] if one.get("tool_calls")))
    if message is None:
        return None
    dialogue["messages"].remove(message)
    return dialogue


def _call_duplicated(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    messages = dialogue["messages"]
    places = [
        number
        for number, message in enumerate(messages[:-1])
        if len(message.get("tool_calls") or ()) == 1
        and re.match(r"get|list|find|search|read|show|check", message["tool_calls"][0]["function"]["name"])
        and messages[number + 1]["role"] == "tool"
        and not messages[number + 1]["content"].startswith('{"error"')
    ]
    place = _pick(chance, places)
    if place is None:
        return None
    again = deepcopy(messages[place : place + 2])
    again[0]["tool_calls"][0]["id"] = again[1]["tool_call_id"] = "call_again"
    again[0]["content"] = None
    messages[place + 2 : place + 2] = again
    return dialogue


def _roles_swapped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    messages = dialogue["messages"]
    number = _pick(chance, (at for at, message in enumerate(messages) if message["role"] == "user"))
    if number is None:
        return None
    messages[number]["role"] = "assistant"
    return dialogue


def _text_cut(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """The assistant's words end where a sentence cannot."""
    texts = [
        (message, words, at)
        for message in dialogue["messages"]
        if message["role"] == "assistant" and message.get("content")
        for words in [message["content"].split()]
        for at, word in enumerate(words)
        if at >= 6 and word in ("the", "of", "to", "and", "for", "is", "your", "with", "from")
    ]
    picked = _pick(chance, texts)
    if picked is None:
        return None
    message, words, at = picked
    message["content"] = " ".join(words[: at + 1])
    return dialogue


def _wrong_amount(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """An answer names an amount or an id that stands nowhere else."""
    places = [
        (message, found)
        for message in dialogue["messages"]
        if message["role"] == "assistant" and message.get("content")
        for found in re.finditer(r"\b[A-Z]{1,4}\d{2,}\b|\b\d{2,}\.\d{2}\b", message["content"])
    ]
    picked = _pick(chance, places)
    if picked is None:
        return None
    message, found = picked
    other = found[0][:-1] + str((int(found[0][-1]) + 4) % 10)
    if other in orjson.dumps(dialogue).decode():
        return None
    message["content"] = message["content"][: found.start()] + other + message["content"][found.end() :]
    return dialogue


def _other_final_state(dialogue: Dialogue, _chance: random.Random) -> Dialogue | None:
    dialogue["metadata"]["final_state_digest"] = "0" * 32
    return dialogue


def _write_dropped(dialogue: Dialogue, chance: random.Random) -> Dialogue | None:
    """A call that changes the world is gone, with its result; the final state stays."""
    messages = dialogue["messages"]
    places = [
        number
        for number, message in enumerate(messages[:-1])
        if len(message.get("tool_calls") or ()) == 1
        and not re.match(
            r"get|list|find|search|read|show|check", message["tool_calls"][0]["function"]["name"]
        )
        and not messages[number + 1]["content"].startswith('{"error"')
    ]
    place = _pick(chance, places)
    if place is None:
        return None
    del messages[place : place + 2]
    return dialogue


_RAN = ("TA501", "TA601", "TA602", "TA603", "TA604")
KINDS = (
    Kind(name="id-digit", mutate=_id_digit, by_record=("TA401",), by_execution=_RAN),
    Kind(name="id-of-another-row", mutate=_id_of_another_row, by_execution=_RAN),
    Kind(name="enum-off", mutate=_enum_off, by_record=("TA304",)),
    Kind(name="type-changed", mutate=_type_changed, by_record=("TA303", "TA304")),
    Kind(name="required-dropped", mutate=_required_dropped, by_record=("TA301",)),
    Kind(name="unknown-argument", mutate=_unknown_argument, by_record=("TA302",)),
    Kind(name="tool-renamed", mutate=_tool_renamed, by_record=("TA201",)),
    Kind(name="result-altered", mutate=_result_altered, by_execution=("TA601",)),
    Kind(name="results-swapped", mutate=_results_swapped, by_execution=("TA601",)),
    Kind(name="result-reordered", mutate=_result_reordered, by_execution=("TA602",)),
    Kind(name="result-ids-changed", mutate=_result_ids_changed, by_execution=("TA601", "TA603")),
    Kind(name="result-dropped", mutate=_result_dropped, by_record=("TA103",)),
    Kind(name="call-dropped", mutate=_call_dropped, by_record=("TA102",), by_execution=("TA604",)),
    Kind(name="call-duplicated", mutate=_call_duplicated, by_record=("TA701",)),
    Kind(name="roles-swapped", mutate=_roles_swapped, by_record=("TA101",)),
    Kind(name="text-cut", mutate=_text_cut, by_record=("TA703",)),
    Kind(name="wrong-amount-told", mutate=_wrong_amount, by_record=("TA405",)),
    Kind(name="other-final-state", mutate=_other_final_state, by_execution=("TA604",)),
    Kind(name="write-dropped", mutate=_write_dropped, by_execution=("TA604", "TA601")),
)


def _main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dialogues = clean_dialogues(folder, count)
        clean = findings_by_dialogue(dialogues, folder, "auto")
        say(f"{len(dialogues)} dialogues, findings before mutation: {sum(map(len, clean.values()))}")
        say(f"{'kind':20} {'mutants':>8} {'by record':>10} {'executed':>10}")
        for kind, recall in measure(dialogues, folder).items():
            row = (100 * part / max(1, recall.mutants) for part in (recall.by_record, recall.by_execution))
            say(f"{kind:20} {recall.mutants:8} " + " ".join(f"{share:9.1f}%" for share in row))


if __name__ == "__main__":
    _main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
