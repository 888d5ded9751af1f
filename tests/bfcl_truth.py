"""The ground truth of BFCL's multi-turn entries, as calls; needs the ``bfcl-eval`` package."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from sandbox import Call
from sandbox.trusted.bfcl import MODULES
from sandbox.trusted.bfcl_entries import CATEGORIES, data_lines

__all__ = ["BfclEntry", "read_entries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BfclEntry:
    """One entry and its ground truth, turn by turn."""

    record: Mapping[str, Any]
    turns: tuple[tuple[Call, ...], ...]
    written_turns: tuple[tuple[str, ...], ...]


def read_entries() -> Iterator[BfclEntry]:
    """Read all entries with their ground truth, in the order of CATEGORIES."""
    for category in CATEGORIES:
        truths = (orjson.loads(line) for line in data_lines(f"possible_answer/BFCL_v4_{category}.json"))
        answers = {truth["id"]: truth["ground_truth"] for truth in truths}
        for line in data_lines(f"BFCL_v4_{category}.json"):
            record = orjson.loads(line)
            written = tuple(tuple(turn) for turn in answers[record["id"]])
            turns = tuple(_calls(turn, record["involved_classes"]) for turn in written)
            yield BfclEntry(record=record, turns=turns, written_turns=written)


def _calls(written: Sequence[str], classes: Sequence[str]) -> tuple[Call, ...]:
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
        for line in data_lines(f"multi_turn_func_doc/{MODULES[kind]}.json"):
            described = orjson.loads(line)
            names[described["name"]] = tuple(described["parameters"]["properties"])
    return names
