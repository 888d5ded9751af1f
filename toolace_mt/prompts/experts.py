"""The templates of the audit's experts: what all are told, and one question each."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from engine import ChatMessage

__all__ = ["expert_messages"]


class _Shared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    system: str
    ask: str


class _Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    question: str
    allowed: str


def expert_messages(
    expert: str, *, tools: str, dialogue: str, verdicts: tuple[str, str]
) -> tuple[ChatMessage, ...]:
    """Give the chat that asks an expert (a rule's name) about a dialogue, with its verdicts in this order."""
    shared, own = _shared(), _question(expert)
    asked = shared.ask.format(
        question=own.question,
        allowed=own.allowed,
        tools=tools,
        dialogue=dialogue,
        first=verdicts[0],
        second=verdicts[1],
    )
    return (ChatMessage(role="system", content=shared.system), ChatMessage(role="user", content=asked))


@cache
def _shared() -> _Shared:
    return _Shared.model_validate(_read("expert"))


@cache
def _question(expert: str) -> _Question:
    return _Question.model_validate(_read(f"expert_{expert.replace('-', '_')}"))


def _read(name: str) -> object:
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)
