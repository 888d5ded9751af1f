"""The one seam between the engine and whatever writes the words."""

from __future__ import annotations

from typing import Protocol

from engine.types import ChatReply, ChatRequest

__all__ = ["ChatModel"]


class ChatModel(Protocol):
    """Answers one request at a time; many calls may be in flight at once.

    ``name`` identifies the model in journals, ledgers and metadata; two models that may answer
    differently have different names.

    Raises ``ModelError`` (see ``engine.errors``) and nothing else; a cancelled call leaves no trace.
    """

    @property
    def name(self) -> str: ...

    async def complete(self, request: ChatRequest) -> ChatReply: ...
