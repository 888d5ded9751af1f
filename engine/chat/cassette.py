"""Recorded replies: a file of JSON lines that answers requests it has seen, and its recorder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.canonical import canonical_json
from engine.chat.base import ChatModel
from engine.chat.digest import request_digest
from engine.errors import UnusableModel
from engine.types import ChatReply, ChatRequest, Usage

__all__ = ["CassetteModel", "RecordingModel"]


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    cassette: Literal[1]
    model: str


class _Line(BaseModel):
    """One recorded reply.  ``asked`` is the end of the prompt, for people who read the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    digest: str
    purpose: str
    text: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: bool = False
    asked: str = ""

    def reply(self, model: str) -> ChatReply:
        return ChatReply(
            text=self.text,
            model=model,
            finish_reason=self.finish_reason,
            usage=Usage(
                prompt_tokens=self.prompt_tokens,
                completion_tokens=self.completion_tokens,
                estimated=self.estimated,
            ),
        )


class CassetteModel:
    """Answers from recorded replies, under the name of the model that was recorded."""

    def __init__(self, path: Path, name: str, replies: dict[str, ChatReply]) -> None:
        self._path = path
        self._name = name
        self._replies = replies

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a cassette; ``UnusableModel`` names the line that is wrong."""
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise UnusableModel(f"cannot read the cassette {path}: {error.strerror}") from None
        number = 1
        try:
            header = _Header.model_validate_json(lines[0] if lines else b"")
            replies: dict[str, ChatReply] = {}
            for text in lines[1:]:
                number += 1
                if text.strip():
                    line = _Line.model_validate_json(text)
                    replies[line.digest] = line.reply(header.model)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise UnusableModel(
                f"{path}:{number}: not a line of a cassette ({reason}): record it anew"
            ) from None
        return cls(path, header.model, replies)

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ChatRequest) -> ChatReply:
        reply = self._replies.get(request_digest(request, self._name))
        if reply is None:
            raise UnusableModel(
                f"{self._path} holds no reply to this request of {request.purpose}: "
                "record it by running the same configuration with RecordingModel around the real model"
            )
        return reply


class RecordingModel:
    """Passes requests on and writes every reply to a cassette; a file that exists is added to."""

    def __init__(self, inner: ChatModel, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._known: set[str] = set()
        if path.exists():
            recorded = CassetteModel.read(path)
            if recorded.name != inner.name:
                raise UnusableModel(
                    f"{path} was recorded from {recorded.name}, not from {inner.name}: choose another file"
                )
            self._known.update(recorded._replies)
        else:
            path.write_bytes(canonical_json({"cassette": 1, "model": inner.name}) + b"\n")

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ChatRequest) -> ChatReply:
        reply = await self._inner.complete(request)
        digest = request_digest(request, self._inner.name)
        if digest not in self._known:
            self._known.add(digest)
            self._append(digest, request, reply)
        return reply

    def _append(self, digest: str, request: ChatRequest, reply: ChatReply) -> None:
        line = _Line(
            digest=digest,
            purpose=request.purpose,
            text=reply.text,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.usage.prompt_tokens,
            completion_tokens=reply.usage.completion_tokens,
            estimated=reply.usage.estimated,
            asked=request.messages[-1].content[-200:] if request.messages else "",
        )
        with self._path.open("ab") as file:
            file.write(orjson.dumps(line.model_dump()) + b"\n")
