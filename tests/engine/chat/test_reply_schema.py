"""A schema that is written once is the schema that it was made from, wherever it goes."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import ChatRequest, ReplySchema, Validators, canonical_json, request_digest
from engine.chat.openai_wire import request_body
from engine.prices import likely_tokens, most_prompt_tokens
from engine.testing import request
from engine.types import JsonObject

_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SCHEMAS = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(_NAMES, st.just({"type": "integer"}))}
)


def _both(schema: JsonObject, text: str = "Hello") -> tuple[ChatRequest, ChatRequest]:
    plain = request(text, schema=schema)
    return plain, replace(plain, schema=ReplySchema(schema))


@given(_SCHEMAS, st.sampled_from(["Hello", "Bergen to Tromsø", "half a \ud800 pair"]))
def test_a_request_is_named_sent_and_weighed_the_same(schema: JsonObject, text: str) -> None:
    plain, shared = _both(schema, text)
    assert shared == plain
    assert request_digest(shared, "m") == request_digest(plain, "m")
    for omit in (frozenset[str](), frozenset({"response_format"})):
        assert request_body(shared, "m", omit) == request_body(plain, "m", omit)  # type: ignore[arg-type]
    assert most_prompt_tokens(shared) == most_prompt_tokens(plain)
    assert likely_tokens(shared) == likely_tokens(plain)


@given(_SCHEMAS, st.dictionaries(_NAMES, st.integers() | st.text()))
def test_a_reply_fits_both_or_neither(schema: JsonObject, value: dict[str, int | str]) -> None:
    validators = Validators()
    assert validators.complaint(value, ReplySchema(schema)) == validators.complaint(value, schema)


def test_it_is_written_as_it_was_when_it_was_made() -> None:
    source: dict[str, str] = {"type": "string"}
    schema = ReplySchema(source)
    source["type"] = "integer"
    assert orjson.loads(canonical_json(schema)) == {"type": "string"} == dict(schema)


def test_the_bound_of_a_prompt_counts_the_bytes_of_its_schema() -> None:
    plain = request("Hello", schema={"enum": ["ø" * 1_000]})
    assert most_prompt_tokens(plain) >= 2 * 2_000


def test_it_keeps_the_order_in_which_a_grammar_has_a_reply_written() -> None:
    schema = ReplySchema({"type": "object", "properties": {"reason": {}, "better": {}}})
    assert list(dict(schema)) == ["type", "properties"]
    assert list(dict(schema)["properties"]) == ["reason", "better"]  # type: ignore[arg-type]


@pytest.mark.parametrize("schema", [{"maximum": 2**70}, {"const": "\ud800"}])
def test_what_cannot_be_shared_says_so(schema: JsonObject) -> None:
    with pytest.raises(TypeError):
        ReplySchema(schema)
