"""The digest of a request."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from engine import ChatMessage, ChatRequest, ReplySchema, request_digest

BASE = ChatRequest(
    purpose="plan",
    messages=(ChatMessage(role="user", content="Héllo"),),
    max_tokens=10,
    schema={"type": "object", "required": ["a"]},
)


def test_the_digest_is_the_same_in_every_process_and_version() -> None:
    assert request_digest(BASE, "m") == "338cf0c3b8d6536fa2281a00c14eb306"


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, messages=(ChatMessage(role="system", content="Héllo"),)),
        replace(BASE, messages=(ChatMessage(role="user", content="Hello"),)),
        replace(BASE, max_tokens=11),
        replace(BASE, temperature=0.5),
        replace(BASE, seed=1),
        replace(BASE, schema=None),
        replace(BASE, stop=("\n",)),
    ],
)
def test_whatever_the_model_sees_changes_the_digest(other: ChatRequest) -> None:
    assert request_digest(other, "m") != request_digest(BASE, "m")


def test_the_models_name_changes_the_digest() -> None:
    assert request_digest(BASE, "other") != request_digest(BASE, "m")


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, purpose="refine"),
        replace(BASE, temperature=0),
        replace(BASE, schema={"required": ["a"], "type": "object"}),
        replace(BASE, schema=MappingProxyType({"type": "object", "required": ("a",)})),
        replace(BASE, schema=ReplySchema({"type": "object", "required": ("a",)})),
    ],
)
def test_what_means_the_same_to_the_model_has_the_same_digest(other: ChatRequest) -> None:
    assert request_digest(other, "m") == request_digest(BASE, "m")


@pytest.mark.parametrize("schema", [{"maximum": 2**70}, {"const": "\ud800"}])
def test_odd_values_have_a_digest_too(schema: dict[str, str | int]) -> None:
    assert len(request_digest(replace(BASE, schema=schema), "m")) == 32
