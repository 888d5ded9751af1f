"""The templates, one to a file, and how they become chat messages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from engine import ChatMessage

__all__ = ["Comparison", "Rewording", "comparison", "rewording", "voices_of"]


class _RewordingFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    system: str
    voices: dict[str, list[tuple[str, str]]]


class _ComparisonFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    system: str
    ask: str


@dataclass(frozen=True, slots=True)
class Rewording:
    """A prompt that shows how one voice rewords coarse turns; ``shown`` is all of it but the last message."""

    shown: tuple[ChatMessage, ...]

    def messages(self, coarse: str) -> tuple[ChatMessage, ...]:
        """The chat that asks for ``coarse`` in other words, as ``{"text": ...}``."""
        return (*self.shown, ChatMessage(role="user", content=coarse))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The prompt that asks a judge which of two wordings is better."""

    system: str
    ask: str

    def messages(
        self, *, before: str, speaker: Literal["user", "assistant"], first: str, second: str
    ) -> tuple[ChatMessage, ...]:
        question = self.ask.format(before=before, speaker=speaker, first=first, second=second)
        return (
            ChatMessage(role="system", content=self.system),
            ChatMessage(role="user", content=question),
        )


def voices_of(kind: str) -> tuple[str, ...]:
    """The names of the voices that a kind of turn can be said in."""
    return tuple(_rewording_file(kind).voices)


@cache
def rewording(kind: str, voice: str) -> Rewording:
    """The template of a kind of turn in one voice."""
    file = _rewording_file(kind)
    shown = [ChatMessage(role="system", content=file.system)]
    for plain, reworded in file.voices[voice]:
        answer = json.dumps({"text": reworded}, ensure_ascii=False)
        shown.append(ChatMessage(role="user", content=plain))
        shown.append(ChatMessage(role="assistant", content=answer))
    return Rewording(tuple(shown))


@cache
def comparison() -> Comparison:
    """The judge's template."""
    file = _ComparisonFile.model_validate(_read("judge"))
    return Comparison(file.system, file.ask)


@cache
def _rewording_file(kind: str) -> _RewordingFile:
    return _RewordingFile.model_validate(_read(kind))


def _read(name: str) -> object:
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)
