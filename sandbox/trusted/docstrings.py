"""Reads docstrings: what a function is for, and what each parameter is (Google, NumPy and Sphinx style)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Docstring", "read_docstring"]

_SECTION = re.compile(
    r"(args|arguments|parameters|params|returns?|yields?|raises|examples?|notes?|attributes):?\s*\Z",
    re.IGNORECASE,
)
_PARAMETER_SECTIONS = ("args", "arguments", "parameters", "params")
_GOOGLE = re.compile(r"\s*\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s+(.*)\Z")
_NUMPY = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?\Z")
_SPHINX = re.compile(r"\s*:param\s+(?:[\w\[\], .|]+\s+)?(\w+)\s*:\s*(.*)\Z")
_SPHINX_OTHER = re.compile(r"\s*:(?:type|returns?|rtype|raises?)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docstring:
    """The words before the first section, and the parameters' descriptions."""

    summary: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Docstring:
    """Read a docstring; what it does not say is empty."""
    if not text:
        return Docstring()
    lines = inspect.cleandoc(text).splitlines()
    start = next((number for number, line in enumerate(lines) if _starts_section(line)), len(lines))
    return Docstring(summary=" ".join(" ".join(lines[:start]).split()), parameters=_parameters(lines[start:]))


def _starts_section(line: str) -> bool:
    return bool(_SECTION.match(line) or _SPHINX.match(line) or _SPHINX_OTHER.match(line))


def _parameters(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    section, depth, underlined = "", 0, False
    current: list[str] | None = None
    for line in lines:
        named = _SECTION.match(line)
        sphinx = _SPHINX.match(line)
        indent = len(line) - len(line.lstrip())
        if named:
            section, depth, current, underlined = named.group(1).lower(), 0, None, False
        elif sphinx:
            current = found.setdefault(sphinx.group(1), [])
            current.append(sphinx.group(2))
        elif _SPHINX_OTHER.match(line) or not line.strip() or set(line.strip()) == {"-"}:
            current = current if not line.strip() else None
            underlined = underlined or line.startswith("-")
        elif section in _PARAMETER_SECTIONS and (current is None or indent <= depth):
            google = None if underlined else _GOOGLE.match(line)
            numpy = _NUMPY.match(line) if underlined and indent == 0 else None
            started = google or numpy
            if started:
                depth = indent
                current = found.setdefault(started.group(1), [])
                current += [google.group(2)] if google else []
        elif current is not None:
            current.append(line.strip())
    return {name: " ".join(" ".join(words).split()) for name, words in found.items()}
