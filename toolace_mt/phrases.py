"""Plain first words for requests and answers, made from a tool's own description and phrases.

A template has slots in braces: a path into the values at hand, and optionally how to say it
(``{price_cents:money}``).  What fills a slot is a *fact*: later rewording must keep it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from toolace_mt.transcript import JsonObject, JsonValue

__all__ = ["Phrase", "join", "label", "say", "sentence", "sentences_of", "slots_of", "tell", "value_at"]

_SLOT = re.compile(r"\{([^{}:]*)(?::([a-z]+))?\}")
_LISTED_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of text and the facts in it, each as it stands in the text."""

    text: str
    facts: tuple[str, ...] = ()


def slots_of(template: str) -> frozenset[str]:
    """The paths that a template's slots name."""
    return frozenset(match[1] for match in _SLOT.finditer(template))


def say(template: str, values: Mapping[str, JsonValue] | JsonValue) -> Phrase:
    """Fill a template.  A bare ``{}`` stands for ``values`` itself.

    Raises ``KeyError`` with the slot when there is no value for it.
    """
    facts: list[str] = []

    def filled(match: re.Match[str]) -> str:
        value = value_at(values, match[1]) if match[1] else values
        text = _spoken(value, match[2] or "")
        if text:
            facts.append(text)
        return text

    return Phrase(_SLOT.sub(filled, template), tuple(facts))


def value_at(values: JsonValue, path: str) -> JsonValue:
    """The value at a dotted path.  Raises ``KeyError`` when the path leads nowhere."""
    for part in path.split("."):
        if isinstance(values, Mapping) and part in values:
            values = values[part]
        elif isinstance(values, list | tuple) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        else:
            raise KeyError(path)
    return values


def tell(how: JsonValue, result: JsonValue, arguments: JsonObject) -> Phrase:
    """Say a result.  ``how`` is a tool's ``tell``; None gives the result's own fields in words.

    A template whose slot is missing from both result and arguments falls back to the fields.
    """
    values = {**arguments, **result} if isinstance(result, Mapping) else arguments
    try:
        match how:
            case str():
                return say(how, values)
            case Mapping():
                return _tell_rows(how, values)
    except KeyError:
        pass
    return _plain_fields(result)


def _tell_rows(how: JsonObject, values: JsonObject) -> Phrase:
    each = how.get("each")
    if not isinstance(each, Mapping):
        return say(str(how["text"]), values)
    rows = value_at(values, str(each["path"]))
    rows = list(rows.values()) if isinstance(rows, Mapping) else rows
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        return say(str(how.get("empty", "Nothing was found.")), values)
    limit = each.get("limit")
    shown = rows[: limit if isinstance(limit, int) else _LISTED_AT_MOST]
    items = [say(str(each["text"]), row) for row in shown]
    head = say(str(how["text"]), values)
    if not head.text.endswith(":"):
        return join([head, *map(sentence, items)])
    listed = Phrase("; ".join(item.text for item in items) + ".", sum((item.facts for item in items), ()))
    return join([head, listed])


def _plain_fields(result: JsonValue) -> Phrase:
    if not isinstance(result, Mapping):
        text = _spoken(result, "")
        return Phrase(f"The result is {text}.", (text,))
    parts = []
    for name, value in result.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = _spoken(value, "")
            parts.append(Phrase(f"the {label(name)} is {text}", (text,)))
    if not parts:
        return Phrase("That is done.")
    return sentence(Phrase(", ".join(part.text for part in parts[:4]), sum((p.facts for p in parts[:4]), ())))


def label(name: str) -> str:
    """A parameter's or field's name as words: ``zipCode`` and ``zip_code`` give ``zip code``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[_\-. ]+", " ", spaced).strip().lower()


def sentence(phrase: Phrase) -> Phrase:
    """The phrase with a capital letter first and a full stop last."""
    text = phrase.text.strip()
    if not text:
        return phrase
    # A fact that begins it, such as "report.txt", is a name and not a word to capitalise.
    if not any(fact and text.startswith(fact) for fact in phrase.facts):
        text = text[0].upper() + text[1:]
    return Phrase(text if text[-1] in ".!?" else text + ".", phrase.facts)


def sentences_of(phrase: Phrase) -> tuple[Phrase, ...]:
    """The phrase's sentences; the whole phrase when a fact would be torn in two."""
    pieces = re.split(r"(?<=[.!?]) (?=[A-Z])", phrase.text)
    split = tuple(Phrase(piece, tuple(fact for fact in phrase.facts if fact in piece)) for piece in pieces)
    whole = all(any(fact in piece for piece in pieces) for fact in phrase.facts)
    return split if whole else (phrase,)


def join(phrases: Sequence[Phrase]) -> Phrase:
    """The phrases one after the other."""
    return Phrase(
        " ".join(phrase.text for phrase in phrases if phrase.text),
        tuple(dict.fromkeys(fact for phrase in phrases for fact in phrase.facts)),
    )


def _spoken(value: JsonValue, style: str) -> str:
    if style == "count":
        return str(len(value)) if isinstance(value, Sequence | Mapping) else "0"
    if style == "money" and isinstance(value, int | float):
        return f"-${-value / 100:,.2f}" if value < 0 else f"${value / 100:,.2f}"
    if style == "date" and isinstance(value, str):
        return _spoken_date(value)
    if style == "time" and isinstance(value, str):
        return _spoken_time(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, str | int | float):
        return str(value)
    parts = list(value.values()) if isinstance(value, Mapping) else list(value)
    return ", ".join(_spoken(part, "") for part in parts)


def _spoken_date(text: str) -> str:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return text
    return f"{day.day} {day:%B} {day.year}"


def _spoken_time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%H:%M} on {_spoken_date(text)}"
