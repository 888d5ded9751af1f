"""What the importers read: foreign tools, before they are made into a pack."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.language.policy import RESERVED

__all__ = ["ForeignTool", "ForeignTools", "Recording", "parameter_name", "tool_name"]

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 64
_TAKEN = RESERVED | {"state", "ctx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a tool once answered to these arguments."""

    arguments: Mapping[str, Any]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTool:
    """A tool as somebody else describes it; the schemas may still hold what a pack does not allow.

    ``answers`` are results that the description gives as examples.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    returns: Any
    effect: Literal["read", "write"]
    answers: tuple[Any, ...] = ()
    recordings: tuple[Recording, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTools:
    """All tools of one source.  ``root`` is the document that references in the schemas point into.

    ``notes`` say what was left out or changed.
    """

    source: str
    title: str
    version: str = "1.0.0"
    licence: str = "unknown"
    tools: tuple[ForeignTool, ...]
    root: Any = None
    notes: tuple[str, ...] = field(default=())


def tool_name(foreign: str) -> str:
    """Spell a name as packs do: ``getPetById`` is ``get_pet_by_id``."""
    words = _NOT_WORD.sub("_", _WORD_START.sub("_", foreign)).strip("_").lower()
    name = words if words[:1].isalpha() else f"tool_{words}".rstrip("_")
    return f"{name}_" if _is_taken(name) else name[:_LONGEST_NAME].rstrip("_")


def parameter_name(foreign: str) -> str:
    """Spell a parameter so that a Python function can have it; a name that can be one is kept."""
    if foreign.isidentifier() and foreign.isascii() and not foreign.startswith("_"):
        return f"{foreign}_" if _is_taken(foreign) else foreign
    name = _NOT_WORD.sub("_", foreign).strip("_")
    name = name if name[:1].isalpha() else f"p_{name}".rstrip("_")
    return f"{name}_" if _is_taken(name) else name


def _is_taken(name: str) -> bool:
    """Tool code may bind neither a word of the language nor what a tool is given."""
    return keyword.iskeyword(name) or name in _TAKEN
