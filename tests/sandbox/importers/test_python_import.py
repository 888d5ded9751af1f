"""Signatures and docstrings become tools."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox import Call, Returned, Trajectory, import_pack, run
from sandbox.trusted.docstrings import read_docstring
from sandbox.trusted.signatures import describe_tool

KITS = Path(__file__).parents[1] / "trusted" / "kits"

GOOGLE = """Do a thing.

    More of it.

    Args:
        first (str): The first
            of them.
        second: The second.

    Returns:
        nothing: at all
    """
NUMPY = """Do a thing.

    More of it.

    Parameters
    ----------
    first : str
        The first
        of them.
    second
        The second.

    Returns
    -------
    nothing
    """
SPHINX = """Do a thing. More of it.

    :param str first: The first
        of them.
    :param second: The second.
    :returns: nothing
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_all_styles_of_docstrings_say_the_same(text: str) -> None:
    told = read_docstring(text)
    assert told.summary == "Do a thing. More of it."
    assert dict(told.parameters) == {"first": "The first of them.", "second": "The second."}


@pytest.mark.parametrize("text", [None, "", "   ", "Args:", "Args:\n  x"])
def test_a_docstring_that_says_nothing_is_empty(text: str | None) -> None:
    assert read_docstring(text).summary == ""


NOTHING = object()


@dataclass
class Options:
    loud: bool


@dataclass
class Box:
    size: int
    label: str | None = None


def pack_box(
    box: Box,
    day: date,
    tags: list[str],
    options: Options | None = None,
    anything: Any = NOTHING,
    **more: int,
) -> dict[str, float]:
    """Pack a box."""
    raise NotImplementedError


def test_annotations_become_json_schema() -> None:
    described = describe_tool("pack_box", pack_box)
    parameters = described["function"]["parameters"]
    assert parameters["required"] == ["box", "day", "tags"]
    assert parameters["additionalProperties"] is True
    assert parameters["properties"]["day"] == {"type": "string", "format": "date"}
    assert parameters["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}
    assert parameters["properties"]["anything"] == {}
    assert parameters["$defs"]["Options"]["properties"] == {"loud": {"type": "boolean"}}
    assert described["returns"] == {"type": "object", "additionalProperties": {"type": "number"}}


def unknown_words(a: "NoSuchName", b: print = 1):  # type: ignore  # noqa  # as bad as users write it
    pass


def test_annotations_that_mean_nothing_allow_anything() -> None:
    described = describe_tool("unknown_words", unknown_words)
    assert described["function"]["description"] == "unknown_words."
    assert described["function"]["parameters"]["properties"] == {"a": {}, "b": {"default": 1}}


async def test_a_class_becomes_a_pack_with_recorded_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(KITS))
    asked = (
        Call(name="find", arguments={"parcel_id": "P1"}),
        Call(name="find", arguments={"parcel_id": "P9"}),
    )
    imported = await import_pack("python:parcel_desk:ParcelDesk", str(tmp_path / "desk"), calls=asked)
    assert imported.pack.mock == "recorded"
    assert imported.pack.tool("find").description == "Find a parcel."
    assert "find failed and is not recorded: no parcel P9" in imported.notes
    (done,) = run(imported.pack, [Trajectory(start="mock", calls=asked[:1])])
    assert done.steps[0].outcome == Returned({"parcel_id": "P1", "place": "depot"})
