"""The multi-turn entries of the Berkeley Function Calling Leaderboard, over the classes of ``bfcl-eval``.

The classes are somebody else's trusted code and no part of this project; only a worker process imports them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from sandbox.errors import EnvironmentUnusable
from sandbox.trusted.toolkit import Toolkit
from sandbox.types import Call

__all__ = ["CATEGORIES", "BfclEntry", "BfclFactory", "open_entry", "read_calls", "read_entries"]

CATEGORIES = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")
REMEDY = 'it needs bfcl-eval: pip install --no-deps bfcl-eval "mpmath==1.3.0"'
_CODE = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
_MODULES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
}
_STATELESS = frozenset({"MathAPI"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BfclEntry:
    """One entry and its ground truth, turn by turn."""

    record: Mapping[str, Any]
    turns: tuple[tuple[Call, ...], ...]
    written_turns: tuple[tuple[str, ...], ...]


class BfclFactory:
    """Makes an entry's objects by class name.

    The record holds ``id`` and, unless the entry of that id is meant as it was published, also
    ``initial_config`` and ``involved_classes``.
    """

    def prepare(self) -> None:
        """Raise ``EnvironmentUnusable`` if a class cannot be imported."""
        for kind in _MODULES:
            _class_named(kind)

    def __call__(self, record: Mapping[str, Any]) -> Toolkit:
        """Make the objects of one record."""
        return _open_entry(record)


open_entry = BfclFactory()


def _open_entry(record: Mapping[str, Any]) -> Toolkit:
    entry = record if "involved_classes" in record else _published(record)
    long_context = "long_context" in str(record.get("id", "")).rpartition("_")[0]
    config = entry.get("initial_config", {})
    made = {
        name: _object(name, config, long_context=long_context)
        for name in dict.fromkeys(entry["involved_classes"])
    }
    return Toolkit(made, otherwise=_as_they_write)


def _as_they_write(value: Any) -> Any:
    """Give a result that JSON cannot hold as their executor does: in Python's words."""
    try:
        return json.loads(json.dumps(value)) if isinstance(value, dict) else str(value)
    except (TypeError, ValueError):
        return str(value)


def _object(name: str, config: Mapping[str, Any], *, long_context: bool) -> Any:
    made = _class_named(name)()
    if name not in _STATELESS:
        made._load_scenario(config.get(name, {}), long_context=long_context)
    return made


@cache
def _class_named(name: str) -> type[Any]:
    if name not in _MODULES:
        raise EnvironmentUnusable(f"bfcl has no class {name!r}; it has {', '.join(_MODULES)}")
    found: type[Any] = getattr(_imported(f"{_CODE}.{_MODULES[name]}"), name)
    # Their executor tells the model of every exception, so all of them are declared.
    return type(name, (found,), {"tool_errors": (Exception,), "__module__": found.__module__})


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise EnvironmentUnusable(f"bfcl: no module {error.name}; {REMEDY}") from None


def _published(record: Mapping[str, Any]) -> dict[str, Any]:
    written = _index().get(str(record.get("id")))
    if written is None:
        raise EnvironmentUnusable(
            f"{str(record.get('id'))!r} is the id of no multi-turn entry, and it has no involved_classes"
        )
    entry: dict[str, Any] = orjson.loads(written)  # anew each time: the objects change what they are given
    return entry


@cache
def _index() -> dict[str, bytes]:
    lines = (line for category in CATEGORIES for line in _lines(f"BFCL_v4_{category}.json"))
    return {orjson.loads(line)["id"]: line for line in lines}


def read_entries() -> Iterator[BfclEntry]:
    """Read all entries with their ground truth, in the order of CATEGORIES.

    Raises ``EnvironmentUnusable`` if ``bfcl-eval`` is not there.
    """
    for category in CATEGORIES:
        truths = (orjson.loads(line) for line in _lines(f"possible_answer/BFCL_v4_{category}.json"))
        answers = {truth["id"]: truth["ground_truth"] for truth in truths}
        for line in _lines(f"BFCL_v4_{category}.json"):
            record = orjson.loads(line)
            written = tuple(tuple(turn) for turn in answers[record["id"]])
            turns = tuple(read_calls(turn, record["involved_classes"]) for turn in written)
            yield BfclEntry(record=record, turns=turns, written_turns=written)


def read_calls(written: Sequence[str], classes: Sequence[str]) -> tuple[Call, ...]:
    """Read calls from the Python text in which bfcl writes them; positional arguments get their names."""
    return tuple(_call(text, _parameter_names(tuple(classes))) for text in written)


def _call(text: str, names: Mapping[str, tuple[str, ...]]) -> Call:
    parsed = ast.parse(text.strip(), mode="eval").body
    assert isinstance(parsed, ast.Call)
    name = ast.unparse(parsed.func).rpartition(".")[2]
    given = dict(zip(names.get(name, ()), parsed.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in parsed.keywords if keyword.arg is not None}
    return Call(name=name, arguments={key: ast.literal_eval(value) for key, value in given.items()})


@cache
def _parameter_names(classes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    names = {}
    for kind in classes:
        for line in _lines(f"multi_turn_func_doc/{_MODULES[kind]}.json"):
            described = orjson.loads(line)
            names[described["name"]] = tuple(described["parameters"]["properties"])
    return names


def _lines(name: str) -> list[bytes]:
    found = find_spec("bfcl_eval")
    if found is None or found.origin is None:
        raise EnvironmentUnusable(f"bfcl: {REMEDY}")
    path = Path(found.origin).parent / "data" / name
    return [line for line in path.read_bytes().splitlines() if line.strip()]
