"""Values that need no source in the dialogue: what everybody knows, free choices, and words of one's own.

None of these is shown to be right, so each is a source that is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolace_mt.json_path import Leaf
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.words import normalised
from toolace_mt.transcript import DeclaredTool, JsonObject, JsonValue

__all__ = ["is_expression", "known_or_chosen", "named_variable"]

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CODE = re.compile(r"[A-Z]{1,5}(?:[./-][A-Z]{1,4})?\Z")
_SHORT_CODE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?\Z")
_ZONE = re.compile(
    r"(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|US|Etc)(?:/[A-Z][\w+-]*){1,2}\Z"
)
"""A time zone, which few people call by its name."""
_EXPRESSION = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[[^\[\]]*\]|\([^()]*\))*\Z")
_NAMED = re.compile(r"[._(]|[a-z][A-Z]|\A[A-Z]+\Z")
_EXAMPLE = re.compile(r"\be\.?g\b|\bexamples?\b|\bsuch as\b|\blike\b", re.IGNORECASE)
_CODED_TEXT = """
lang language locale country currency state region code symbol ticker iata icao airport origin destination
from to unit units src tgt timezone stock market asn
"""
_CHOSEN_TEXT = """
limit page pages size count num number max min top offset skip width height depth timeout results per length
n k step steps interval precision decimals digits delay retries samples quality batch duration threshold
temperature seed start radius zoom days
"""
_WRITTEN_TEXT = """
message body content text query command code expression question prompt html url script sql thought thoughts
answer response explanation caption keyword keywords search regex pattern
"""
_MEANT = frozenset(("price", "amount", "cost", "budget", "total", "fee", "age", "weight", "rating", "year"))
"""Numbers that a user has in mind, whatever bounds them."""
_LANGUAGES = frozenset(
    (
        "english",
        "spanish",
        "french",
        "german",
        "chinese",
        "japanese",
        "korean",
        "portuguese",
        "italian",
        "eng",
    )
)
_LITERALS = frozenset(("true", "false", "null", "none", "undefined", "nil"))
_PLACED = frozenset(
    (
        "lat",
        "latitude",
        "lon",
        "lng",
        "long",
        "longitude",
        "elevation",
        "altitude",
        "coord",
        "coords",
        "coordinate",
        "coordinates",
    )
)
_CONSTANTS = frozenset(("gravity", "alpha", "significance"))
"""Numbers that everybody takes to be 9.81 or 0.05 when nothing is said."""
_REGIONS = frozenset(("state", "country", "province", "region", "continent", "county", "nationality"))
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?: (?:of|and|the|[A-Z][a-z]+))*\Z")
_CODED = frozenset(_CODED_TEXT.split())
_CHOSEN = frozenset(_CHOSEN_TEXT.split())
_WRITTEN = frozenset(_WRITTEN_TEXT.split())
_CODE_WRITTEN = frozenset(("command", "code", "expression", "sql", "script", "regex", "pattern", "html"))
_OF_CODE = re.compile(r"\w\W+\w|[\\*|<>$;]")
_CHOICE_BELOW = 10_000
_WRITTEN_WORDS, _SURELY_WRITTEN_WORDS = 3, 25

_MEDIA_TYPE = re.compile(r"(?:application|audio|image|text|video|multipart)/[a-z0-9.+*-]+(?:;.*)?\Z")
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z", re.IGNORECASE)


def is_expression(text: str) -> bool:
    """Tell whether a text is a name, an element, a member or a call, as programs write them."""
    return _EXPRESSION.match(text) is not None and text.lower() not in _LITERALS


def named_variable(value: Leaf) -> Source | None:
    """Take a text that looks like a name for a variable or a constant of the program around the call."""
    if isinstance(value, str) and is_expression(value) and _NAMED.search(value):
        return _unsure("name in the program")
    return None


def known_or_chosen(
    value: Leaf, name: str, schema: JsonObject, tool: DeclaredTool | None, *, identifier: bool
) -> Source | None:
    """Tell whether the value may come from outside the dialogue, by the parameter's name and description."""
    parts = {part.lower() for part in _PARTS.findall(name)}
    if isinstance(value, str):
        return _text(value, parts, schema, tool, identifier=identifier)
    if not isinstance(value, (int, float)):
        return None
    if _named_number(value, schema):
        return _by_tool(certain=True)
    if not parts.isdisjoint(_PLACED) or not parts.isdisjoint(_CONSTANTS):
        return _unsure("knowledge of the world")
    if not identifier and _is_choice(parts) and 0 <= value < _CHOICE_BELOW:
        return _unsure("free choice")
    return _unsure("knowledge of the world") if "asn" in parts else None


def _text(
    value: str, parts: set[str], schema: JsonObject, tool: DeclaredTool | None, *, identifier: bool
) -> Source | None:
    if value.casefold() in _LANGUAGES or _ZONE.match(value) or _MEDIA_TYPE.match(value):
        return _unsure("knowledge of the world")
    if _COLOUR.match(value) and not parts.isdisjoint(("color", "colour", "hex", "rgb")):
        return _unsure("knowledge of the world")
    coded = not _CODED.isdisjoint([*parts, *(part.removesuffix("s") for part in parts)])
    if coded and (_CODE.match(value) or _SHORT_CODE.match(value)):
        return _unsure("knowledge of the world")
    if _is_choice(parts) and value.isdecimal() and len(value) < 5:
        return _unsure("free choice")
    words = len(value.split())
    is_code = not parts.isdisjoint(_CODE_WRITTEN) and _OF_CODE.search(value) is not None
    if (
        is_code
        or words >= _SURELY_WRITTEN_WORDS
        or (words >= _WRITTEN_WORDS and not parts.isdisjoint(_WRITTEN))
        or (words > 1 and "subject" in parts)
    ):
        return _unsure("own words")
    if not parts.isdisjoint(_REGIONS) and _CAPITALISED.match(value):
        return _unsure("knowledge of the world")
    if value in _listed_examples(schema):
        return _by_tool(certain=False)
    if _is_quoted(value, schema):
        return _by_tool(certain=not identifier and _EXAMPLE.search(str(schema.get("description"))) is None)
    if not identifier and tool is not None and _is_described(value, schema, tool):
        return _by_tool(certain=False)
    return None


def _is_choice(parts: set[str]) -> bool:
    return not parts.isdisjoint(_CHOSEN) and parts.isdisjoint(_MEANT)


def _named_number(value: float, schema: JsonObject) -> bool:
    """Tell whether the parameter's description speaks of the number: "'2' represents an ironing service"."""
    described = schema.get("description")
    return isinstance(described, str) and float(value) in numbers_in(described)


def _listed_examples(schema: JsonObject) -> Sequence[JsonValue]:
    examples = schema.get("examples", schema.get("example"))
    return examples if isinstance(examples, (list, tuple)) else (examples,)


def _is_quoted(value: str, schema: JsonObject) -> bool:
    """Tell whether the parameter's description gives the value to the letter."""
    described = schema.get("description")
    if not isinstance(described, str) or value not in described:
        return False
    return re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", described) is not None


def _is_described(value: str, schema: JsonObject, tool: DeclaredTool) -> bool:
    needle = normalised(value)
    described = schema.get("description")
    texts = (described if isinstance(described, str) else "", tool.name.replace("_", " "), tool.description)
    return not needle.isspace() and any(needle in normalised(text) for text in texts)


def _by_tool(*, certain: bool) -> Source:
    """An example may be copied without a thought, so what looks like an identifier is no proof."""
    return Source(kind=SourceKind.TOOL, how="description", certain=certain)


def _unsure(how: str) -> Source:
    return Source(kind=SourceKind.CONSTANT, how=how, certain=False)
