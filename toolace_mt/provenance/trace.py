"""The source of every argument value of a dialogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice

from toolace_mt.json_path import Leaf, child
from toolace_mt.provenance.company import derive_company
from toolace_mt.provenance.composed import derive_composed
from toolace_mt.provenance.dates import Moment, read_moments
from toolace_mt.provenance.derive import (
    derive_abbreviation,
    derive_calendar,
    derive_calendar_number,
    derive_joined,
    derive_moment,
    derive_number,
    derive_prefixed,
    derive_symbol,
    derive_weekday,
    derive_words,
)
from toolace_mt.provenance.evidence import Evidence
from toolace_mt.provenance.knowledge import known_or_chosen, named_variable
from toolace_mt.provenance.numbers import as_number
from toolace_mt.provenance.places import derive_place, derive_translation
from toolace_mt.provenance.source import Site, Source, SourceKind, Trace
from toolace_mt.provenance.spoken import Said
from toolace_mt.provenance.words import normalised
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue, Message, Transcript

__all__ = ["as_metadata", "is_identifier", "trace"]

_NAME_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ID_ENDINGS = frozenset({"id", "ids", "uuid", "guid", "token"})
_CODE_ENDINGS = frozenset({"number", "numbers", "code", "codes", "no", "key", "reference", "ref"})
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_ID_VALUE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_#:-]{3,63}\Z")
_MEASURE = re.compile(
    r"[-+]?[\d.,:]+\s?[A-Za-z°%/]{1,6}\Z|\d{4}-\d{2}|\d{1,2}(?:st|nd|rd|th)\Z|[A-Za-z]{1,8}[-_]?\d{1,2}\Z"
)
_FILLERS = frozenset(
    {"true", "false", "yes", "no", "none", "null", "any", "all", "dontcare", "default", "n/a", "na"}
)
_LEAVES_PER_CALL = 256
_UNRECORDED = Source(kind=SourceKind.UNRECORDED, how="an earlier result may hold it", certain=False)


def trace(transcript: Transcript) -> Trace:
    """Find the source of each scalar in each call's arguments; None where there is none.

    Only what comes before the calling message counts.  Calls whose arguments could not be read are left out,
    and of a huge argument value only the first 256 scalars are traced.
    """
    schemas = {tool.name: tool for tool in transcript.tools or ()}
    last = max((turn for turn, message in enumerate(transcript.messages) if message.calls), default=-1)
    evidence = Evidence()
    fallback = _Fallback(transcript)
    found: dict[Site, Source | None] = {}
    leaves: list[Leaf] = []
    for turn, message in enumerate(transcript.messages[: last + 1]):
        for index, call in enumerate(message.calls):
            schema = _parameters(schemas.get(call.name))
            arguments = {} if call.arguments is None else call.arguments
            for path, name, leaf, within in islice(_arguments(arguments, schema), _LEAVES_PER_CALL):
                site = Site(turn, index, path)
                found[site] = (
                    _source(leaf, name, within, evidence)
                    or fallback.source(leaf)
                    or (named_variable(leaf) if transcript.names_variables else None)
                    or known_or_chosen(
                        leaf, name, within, schemas.get(call.name), identifier=is_identifier(name, leaf)
                    )
                )
                leaves.append(leaf)
        evidence.add(turn, message)
        fallback.add(message)
    return Trace(found, leaves)


class _Fallback:
    """What can be said of a value that nothing in the dialogue explains."""

    __slots__ = ("_hidden", "_omits_calls", "_open_calls", "_state")

    def __init__(self, transcript: Transcript) -> None:
        self._state = transcript.setting.hidden
        self._hidden: frozenset[str] | None = None
        self._open_calls = 0
        self._omits_calls = transcript.omits_calls

    def add(self, message: Message) -> None:
        """Count the calls whose results are not recorded."""
        if message.calls:
            self._open_calls += len(message.calls)
        elif message.role == "tool" and self._open_calls:
            self._open_calls -= 1

    def source(self, value: Leaf) -> Source | None:
        if self._open_calls:
            return _UNRECORDED
        return self._in_state(value) or (_UNRECORDED if self._omits_calls else None)

    def _in_state(self, value: Leaf) -> Source | None:
        if self._state is None:
            return None
        if self._hidden is None:
            self._hidden = _texts(self._state)
        if str(value).casefold() not in self._hidden:
            return None
        return Source(kind=SourceKind.HIDDEN, how="hidden state", certain=False)


def _texts(value: JsonValue) -> frozenset[str]:
    """Give all keys and leaves as text without case."""
    found: set[str] = set()
    ahead: list[JsonValue] = [value]
    while ahead:
        item = ahead.pop()
        if isinstance(item, str):
            found.add(item.casefold())
        elif isinstance(item, (dict, Mapping)):
            found.update(map(str.casefold, item))
            ahead.extend(item.values())
        elif isinstance(item, (list, tuple)):
            ahead.extend(item)
        elif item is not None:
            found.add(str(item).casefold())
    return frozenset(found)


def as_metadata(found: Trace) -> list[JsonValue]:
    """Give the trace as plain JSON, one object per value, in the order of the dialogue."""
    return [
        {
            "turn": site.turn,
            "call": site.call,
            "path": site.path,
            "value": found.value(site),
            "source": _written(source),
        }
        for site, source in found.items()
    ]


def is_identifier(name: str, value: Leaf) -> bool:
    """Tell whether the parameter's name or the value's looks say that the value names one thing."""
    if isinstance(value, bool) or value is None or isinstance(value, float) or value == "":
        return False
    ending = _last_part(name)
    if isinstance(value, int):
        return ending in _ID_ENDINGS or (ending in _CODE_ENDINGS and abs(value) >= 1000)
    if value.split() != [value] or _LETTER_OR_DIGIT.search(value) is None:
        return False
    if ending in _ID_ENDINGS or (ending in _CODE_ENDINGS and any(map(str.isdigit, value))):
        return True
    return _ID_VALUE.match(value) is not None and _MEASURE.match(value) is None


@lru_cache(maxsize=2048)
def _last_part(name: str) -> str:
    return next(iter(_NAME_PARTS.findall(name)[-1:]), "").lower()


def _source(value: Leaf, name: str, schema: JsonObject, evidence: Evidence) -> Source | None:
    """Ask from the cheapest and surest source to the dearest and least sure one."""
    found = _settled(value, evidence) or _declared(value, schema)
    if found is not None:
        return found
    found = _told(value, evidence)
    if found is not None and found.certain:
        return found
    found = found or _derived(value, name, evidence, identifier=is_identifier(name, value))
    if found is not None and found.certain:
        return found
    return evidence.find_assistant_words(str(value)) or found


def _settled(value: Leaf, evidence: Evidence) -> Source | None:
    """What a text is by itself, or a user's first words that hold it: later messages change neither."""
    if not isinstance(value, str):
        return _constant(value) or _said_by_user(value, evidence)
    found = evidence.settled.get(value)
    if found is None:
        found = _constant(value) or _said_by_user(value, evidence)
        if found is not None:
            evidence.settled[value] = found
    return found


def _constant(value: Leaf) -> Source | None:
    if value is None or isinstance(value, bool):
        return Source(kind=SourceKind.CONSTANT, how="boolean or null")
    if isinstance(value, (int, float)):
        return Source(kind=SourceKind.CONSTANT, how="0 or 1") if abs(value) in (0, 1) else None
    if len(value) <= 3 and normalised(value).isspace():
        return Source(kind=SourceKind.CONSTANT, how="no letters or digits")
    return Source(kind=SourceKind.CONSTANT, how="filler") if value.casefold() in _FILLERS else None


def _said_by_user(value: Leaf, evidence: Evidence) -> Source | None:
    if isinstance(value, str):
        return evidence.find_user_words(value)
    number = as_number(value)
    return None if number is None else evidence.find_user_number(number)


def _told(value: Leaf, evidence: Evidence) -> Source | None:
    """Look into results and the system prompt, and for a date or time also at its other forms."""
    if not isinstance(value, str):
        number = as_number(value)
        return None if number is None else evidence.find_number(number)
    moments = read_moments(value)
    if not moments:
        return evidence.find_result(value) or evidence.find_words(value)
    said = _moment(moments, [*evidence.users, *evidence.systems], evidence)
    if said is not None and said.certain:
        return said
    return (
        evidence.find_result(value)
        or _moment(moments, evidence.outside, evidence)
        or evidence.find_words(value)
    )


def _moment(moments: tuple[Moment, ...], told: list[Said], evidence: Evidence) -> Source | None:
    found = [
        source for moment in moments if (source := derive_moment(moment, told, evidence.users)) is not None
    ]
    return min(found, key=lambda source: not source.certain, default=None)


def _declared(value: Leaf, schema: JsonObject) -> Source | None:
    if "default" in schema and _default_holds(schema["default"], value):
        return Source(kind=SourceKind.DEFAULT, how="default")
    options = schema.get("enum")
    if (isinstance(options, (list, tuple)) and value in options) or schema.get("const", ...) == value:
        return Source(kind=SourceKind.ENUM, how="enum")
    if schema.get("minimum") == value or schema.get("maximum") == value:
        return Source(kind=SourceKind.DEFAULT, how="bound")
    return None


def _default_holds(default: JsonValue, value: Leaf) -> bool:
    return default == value or (isinstance(default, (list, tuple)) and value in default)


def _derived(value: Leaf, name: str, evidence: Evidence, *, identifier: bool) -> Source | None:
    number = as_number(value)
    if not isinstance(value, str):
        if identifier:
            return derive_composed(str(value), name, evidence)
        if number is None:
            return None
        return (
            derive_calendar_number(number, name, evidence.users)
            or derive_number(number, evidence)
            or derive_company(number, name, evidence.users)
        )
    if identifier:
        return (
            derive_joined(value, evidence, certain=False)
            or derive_prefixed(value, evidence)
            or derive_composed(value, name, evidence)
        )
    if number is not None and not value.startswith("+"):  # that begins a telephone number
        found = evidence.find_number(number)
        return found if found is not None else derive_number(number, evidence)
    return (
        derive_symbol(value, evidence)
        or derive_weekday(value, evidence)
        or derive_calendar(value, evidence)
        or derive_joined(value, evidence, certain=True)
        or derive_prefixed(value, evidence)
        or derive_words(value, evidence)
        or derive_abbreviation(value, evidence)
        or derive_place(value, name, evidence.users)
        or derive_translation(value, evidence)
    )


def _arguments(arguments: JsonObject, schema: JsonObject) -> Iterator[tuple[str, str, Leaf, JsonObject]]:
    properties = _object(schema.get("properties"))
    for name, value in arguments.items():
        path, within = child("$", name), _object(properties.get(name))
        if value is None or isinstance(value, (str, int, float)):
            yield path, name, value, within
        else:
            yield from _leaves(value, path, name, within)


def _leaves(
    value: JsonValue, path: str, name: str, schema: JsonObject
) -> Iterator[tuple[str, str, Leaf, JsonObject]]:
    if value is None or isinstance(value, (str, int, float)):
        yield path, name, value, schema
    elif isinstance(value, (dict, Mapping)):
        properties = _object(schema.get("properties"))
        for key, item in value.items():
            yield from _leaves(item, child(path, key), key, _object(properties.get(key)))
    else:
        within = _of_items(schema)
        for index, item in enumerate(value):
            yield from _leaves(item, child(path, index), name, within)


def _of_items(schema: JsonObject) -> JsonObject:
    """What an array's schema says of its elements: many tools write their enum and words on the array."""
    items = _object(schema.get("items"))
    said = {key: schema[key] for key in ("enum", "description") if key in schema and key not in items}
    return {**items, **said} if said else items


def _parameters(tool: DeclaredTool | None) -> JsonObject:
    return {} if tool is None or tool.parameters is None else tool.parameters


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, (dict, Mapping)) else {}


def _written(source: Source | None) -> JsonValue:
    if source is None:
        return None
    written: dict[str, JsonValue] = {"kind": source.kind.value, "how": source.how, "certain": source.certain}
    if source.turn is not None:
        written["turn"] = source.turn
    if source.path is not None:
        written["path"] = source.path
    return written
