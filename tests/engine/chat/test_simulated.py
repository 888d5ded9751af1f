"""The model that is no model."""

from __future__ import annotations

import random

import jsonschema_rs
import orjson
import pytest

from engine import ChatClient, JsonObject, RefusedRequest
from engine.chat.simulated import SimulatedModel, example_of
from engine.testing import check_chat_model, request

SCHEMAS: tuple[JsonObject, ...] = (
    {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 5}},
        "required": ["a"],
    },
    {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2, "maxItems": 4},
    {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 90, "maxLength": 99}]},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}},
    {"type": ["number", "boolean"]},
    {"const": {"fixed": [1]}},
)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_examples_fit_their_schema(schema: JsonObject) -> None:
    validator = jsonschema_rs.validator_for(dict(schema))
    for seed in range(50):
        example = example_of(schema, random.Random(seed))
        assert validator.is_valid(example), example


async def test_it_keeps_the_promises_of_a_model() -> None:
    await check_chat_model(SimulatedModel(), (request("one"), request("two")))


async def test_replies_depend_on_the_seed_and_the_request_and_not_on_the_order() -> None:
    one, two = SimulatedModel(seed=1), SimulatedModel(seed=1)
    asked = [request(str(number)) for number in range(5)]
    forward = [await one.complete(question) for question in asked]
    backward = [await two.complete(question) for question in reversed(asked)]
    assert forward == backward[::-1]
    assert [await SimulatedModel(seed=2).complete(question) for question in asked] != forward


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.3, 10, 60), (1.0, 90, 100)])
async def test_it_is_wrong_as_often_as_it_is_told(rate: float, least: int, most: int) -> None:
    validator = jsonschema_rs.validator_for(dict(SCHEMAS[0]))
    wrong = 0
    model = SimulatedModel(error_rate=rate)
    for seed in range(100):
        reply = await model.complete(request(seed=seed, schema=SCHEMAS[0], max_tokens=99))
        try:
            wrong += not validator.is_valid(orjson.loads(reply.text))
        except ValueError:
            wrong += 1
    assert least <= wrong <= most


async def test_a_model_that_is_always_wrong_is_refused_after_one_repair() -> None:
    client = ChatClient(SimulatedModel(error_rate=1.0))
    with pytest.raises(RefusedRequest, match="do not fit"):
        await client.for_job(0).complete(request(schema=SCHEMAS[0], max_tokens=99))
