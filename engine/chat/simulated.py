"""A model that is no model: gives the answer that is known to be good, wrong as often as it is told.

For studies and load tests.  The same seed, request and rates give the same reply, in any order of asking.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

import anyio
import orjson

from engine.chat.digest import request_digest
from engine.types import ChatReply, ChatRequest, JsonObject, JsonValue, Usage

__all__ = ["SimulatedModel", "example_of"]

_WORDS = (
    "please could you check the order for me thanks and tell what it says about my account today then "
    "change it if there is time left because we need that before next week with one more"
)
_DEEPEST = 8
_LETTERS_PER_TOKEN = 4


class SimulatedModel:
    """Answers each request with its ``expected`` answer, or from seeded chance when it has none.

    ``error_rate`` is the share of replies to requests with a schema that do not fit it: cut off, or another
    value.  ``nonsense_rate`` is the share of those that fit but mean nothing, though a good answer is known.
    ``seconds`` is how long an answer takes.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        error_rate: float = 0.0,
        nonsense_rate: float = 0.0,
        seconds: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        for rate in (error_rate, nonsense_rate):
            if not 0.0 <= rate <= 1.0:
                raise ValueError(f"a rate is between 0 and 1, not {rate}")
        self._error_rate = error_rate
        self._nonsense_rate = nonsense_rate
        self._seconds = seconds
        self._sleep = sleep
        self._name = f"simulated-{seed}-{error_rate:g}" + (f"-{nonsense_rate:g}" if nonsense_rate else "")

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        chance = random.Random(request_digest(request, self._name))
        if self._seconds:
            await self._sleep(self._seconds)
        text = self._text(request, chance)
        longest = request.max_tokens * _LETTERS_PER_TOKEN
        prompt_letters = sum(len(message.content) for message in request.messages)
        return ChatReply(
            text=text[:longest],
            model=self._name,
            finish_reason="length" if len(text) > longest else "stop",
            usage=Usage(
                prompt_tokens=prompt_letters // _LETTERS_PER_TOKEN + 1,
                completion_tokens=-(-min(len(text), longest) // _LETTERS_PER_TOKEN),
            ),
        )

    def _text(self, request: ChatRequest, chance: random.Random) -> str:
        text = request.expected
        if text is None or (self._nonsense_rate and chance.random() < self._nonsense_rate):
            text = _nonsense(request.schema, chance)
        if request.schema is None or chance.random() >= self._error_rate:
            return text
        return text[: len(text) // 2] if chance.random() < 0.5 else orjson.dumps({"wrong": text}).decode()


def _nonsense(schema: JsonObject | None, chance: random.Random) -> str:
    return _sentence(chance) if schema is None else orjson.dumps(example_of(schema, chance)).decode()


def example_of(schema: JsonObject, chance: random.Random) -> JsonValue:
    """Make a value that fits an ordinary schema: types, enums, bounds, alternatives, local references.

    ``pattern``, ``not``, ``allOf`` and conditions are not looked at.
    """
    return _example(schema, schema, chance, 0)


def _example(schema: object, root: JsonObject, chance: random.Random, depth: int) -> JsonValue:
    if not isinstance(schema, Mapping):
        return None
    value: JsonValue
    if "const" in schema:
        value = schema["const"]
        return value
    if "enum" in schema:
        value = chance.choice(list(schema["enum"]))
        return value
    if "$ref" in schema and depth < 4 * _DEEPEST:
        return _example(_resolve(str(schema["$ref"]), root), root, chance, depth + 1)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            options = list(schema[key])
            return _example(
                options[0] if depth > _DEEPEST else chance.choice(options), root, chance, depth + 1
            )
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if not isinstance(kind, str):
        kind = chance.choice(list(kind))
    return _of_type(kind, schema, root, chance, depth)


def _of_type(
    kind: str, schema: Mapping[str, JsonValue], root: JsonObject, chance: random.Random, depth: int
) -> JsonValue:
    match kind:
        case "object":
            return _object(schema, root, chance, depth)
        case "array":
            least = _integer(schema, "minItems", 0)
            most = _integer(schema, "maxItems", least + 2)
            count = least if depth > _DEEPEST else chance.randint(min(least, most), most)
            return [_example(schema.get("items", {}), root, chance, depth + 1) for _ in range(count)]
        case "integer":
            least = _integer(schema, "minimum", 0)
            return chance.randint(least, max(least, _integer(schema, "maximum", least + 99)))
        case "number":
            least = _integer(schema, "minimum", 0)
            return round(chance.uniform(least, max(least, _integer(schema, "maximum", least + 99))), 2)
        case "boolean":
            return chance.random() < 0.5
        case "null":
            return None
        case _:
            text = _sentence(chance).ljust(_integer(schema, "minLength", 0), ".")
            return text[: _integer(schema, "maxLength", len(text))]


def _object(
    schema: Mapping[str, JsonValue], root: JsonObject, chance: random.Random, depth: int
) -> JsonObject:
    properties = schema.get("properties", {})
    required = schema.get("required", ())
    assert isinstance(properties, Mapping)
    assert isinstance(required, list | tuple)
    names = [*properties, *(str(name) for name in required if name not in properties)]
    return {
        name: _example(properties.get(name, {}), root, chance, depth + 1)
        for name in names
        if name in required or (depth <= _DEEPEST and chance.random() < 0.5)
    }


def _resolve(reference: str, root: JsonObject) -> JsonValue:
    place: JsonValue = root
    for part in reference.removeprefix("#/").split("/"):
        place = place.get(part, {}) if isinstance(place, Mapping) else {}
    return place


def _integer(schema: Mapping[str, JsonValue], key: str, otherwise: int) -> int:
    value = schema.get(key, otherwise)
    return int(value) if isinstance(value, int | float) else otherwise


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS.split(), k=chance.randint(4, 14))).capitalize() + "."
