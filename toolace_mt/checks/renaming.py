"""Identifiers that a tool drew anew: which recorded one stands for which executed one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from toolace_mt.checks.leaf import same_leaf
from toolace_mt.provenance import is_identifier
from toolace_mt.provenance.dates import read_moments
from toolace_mt.transcript import JsonValue

__all__ = ["Renaming", "identifiers_in", "rename"]

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAMING = frozenset({"id", "ids", "uuid", "guid", "token"})
_DRAWN = frozenset(
    {
        *(
            "account",
            "booking",
            "case",
            "claim",
            "confirmation",
            "invoice",
            "order",
            "payment",
            "receipt",
            "ref",
        ),
        *("reference", "request", "reservation", "ticket", "tracking", "transaction"),
    }
)
"""What tools draw numbers for; an area, a postcode or a telephone has one that means something."""
_CODED = frozenset({"number", "numbers", "code", "codes", "no", "key"})
_COMPUTED = frozenset({"hash", "checksum", "digest", "md", "sha", "signature"})
_NUMBER = re.compile(r"[-+.,:/() \d]*\Z")
_AMOUNT = re.compile(r"[-+]?\d+[.,]\d+\Z")
_MEANS_SOMETHING = re.compile(
    r"P(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?\Z|[QH][1-4][-_ ]?\d{4}\Z|\d{4}[-_ ]?[QH][1-4]\Z"
)

_LETTERS_DRAWN = 5
"""So many capital letters under the key of an identifier may be drawn: ``IFOYYZ``."""


class Renaming:
    """One executed identifier for each recorded one, and the reverse; a number belongs to its key."""

    __slots__ = ("_back", "_changed", "_there")

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def add(self, recorded: str, executed: str) -> bool:
        """Take in a pair; tell whether it fits all others."""
        return (
            self._there.setdefault(recorded, executed) == executed
            and self._back.setdefault(executed, recorded) == recorded
        )

    def join(self, other: Renaming) -> tuple[str, str] | None:
        """Take in another's pairs; give the first that does not fit, with which none is taken in."""
        for recorded, executed in other._there.items():
            if (
                self._there.get(recorded, executed) != executed
                or self._back.get(executed, recorded) != recorded
            ):
                return recorded, executed
        self._there |= other._there
        self._back |= other._back
        self._changed |= {_bare(one) for one, drawn in other._there.items() if one != drawn}
        return None

    def keep(self, name: str) -> None:
        """Let an identifier that is known stand for itself, unless it stands for another."""
        if name not in self._there and name not in self._back:
            self._there[name] = self._back[name] = name

    def concerns(self, arguments: JsonValue) -> bool:
        """Tell whether one of the arguments is an identifier that stands for another."""
        return bool(self._changed) and any(_bare(name) in self._changed for name in identifiers_in(arguments))


def rename(recorded: JsonValue, executed: JsonValue, renaming: Renaming, key: str = "") -> bool:
    """Tell whether one renaming of identifiers turns one result into the other, and take it in."""
    if isinstance(recorded, Mapping) and isinstance(executed, Mapping):
        if recorded.keys() == executed.keys():
            return all(rename(recorded[one], executed[one], renaming, one) for one in recorded)
        return len(recorded) == len(executed) and all(
            rename(one, other, renaming, key) and rename(recorded[one], executed[other], renaming, one)
            for one, other in zip(recorded, executed, strict=True)
        )
    if isinstance(recorded, (list, tuple)) and isinstance(executed, (list, tuple)):
        return len(recorded) == len(executed) and all(
            rename(one, other, renaming, key) for one, other in zip(recorded, executed, strict=True)
        )
    left, right = _name(recorded, key), _name(executed, key)
    if left is not None and right is not None:
        return renaming.add(left, right)
    return same_leaf(recorded, executed)


def identifiers_in(value: JsonValue, key: str = "") -> Iterator[str]:
    """Give the names of all identifiers in a value."""
    if isinstance(value, Mapping):
        for one, item in value.items():
            yield from identifiers_in(item, one)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from identifiers_in(item, key)
    elif (name := _name(value, key)) is not None:
        yield name


def _name(value: JsonValue, key: str) -> str | None:
    """Give the name of what may be an identifier that a tool draws: never of a date, a measure, an amount,
    a telephone number or something computed from the input."""
    parts = [part.lower() for part in _PARTS.findall(key)]
    names = bool(parts) and parts[-1] in _NAMING
    if type(value) is int:
        return f"{key}#{value}" if names else None
    if not isinstance(value, str) or not is_identifier(key, value) or not _COMPUTED.isdisjoint(parts):
        return None
    if read_moments(value) or _AMOUNT.match(value) or _MEANS_SOMETHING.match(value):
        return None
    is_number = _NUMBER.match(value) is not None
    if (is_number or (parts and parts[-1] in _CODED)) and not names and _DRAWN.isdisjoint(parts):
        return None
    if is_number:
        return f"{key}#{value}"
    is_drawn = any(map(str.isdigit, value)) or (names and value.isupper() and len(value) >= _LETTERS_DRAWN)
    return value if is_drawn else None


def _bare(name: str) -> str:
    """A number may be asked for under another key than it was told under."""
    _, sign, number = name.rpartition("#")
    return number if sign and _NUMBER.match(number) else name
