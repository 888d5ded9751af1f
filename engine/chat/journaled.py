"""Never pay twice: look a request up in the journal, and store its reply before anybody uses it."""

from __future__ import annotations

import anyio

from engine.chat.base import ChatModel
from engine.chat.digest import request_digest
from engine.events import EventStream, ReplyReceived
from engine.journal import Journal
from engine.types import ChatReply, ChatRequest

__all__ = ["JournaledModel", "ReplyBook"]


class ReplyBook:
    """The journal's replies, shared by all dialogues, with the requests that are being asked just now."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        # An event only where somebody else waits, which is nearly never.
        self._asking: dict[str, anyio.Event | None] = {}

    async def answered(self, digest: str) -> None:
        """Wait while this request is being asked."""
        while digest in self._asking:
            event = self._asking[digest] = self._asking[digest] or anyio.Event()
            await event.wait()

    def begin(self, digest: str) -> None:
        """Tell that a request is being asked, until ``end``."""
        self._asking[digest] = None

    def end(self, digest: str) -> None:
        event = self._asking.pop(digest)
        if event is not None:
            event.set()


class JournaledModel:
    """Replays stored replies and stores new ones.

    Equal requests at the same moment are asked once: the others wait and then find the reply, or ask in
    their turn if the first one failed.  Raises what ``inner`` raises, and ``JournalError``.
    """

    def __init__(
        self, inner: ChatModel, book: ReplyBook, *, order: int = 0, events: EventStream | None = None
    ) -> None:
        self._inner = inner
        self._book = book
        self._order = order
        self._events = events or EventStream()

    @property
    def name(self) -> str:
        return self._inner.name

    async def complete(self, request: ChatRequest) -> ChatReply:
        digest = request_digest(request, self._inner.name)
        await self._book.answered(digest)
        reply = self._book.journal.reply(digest)
        if reply is None:
            return await self._ask(digest, request)
        self._events.emit(
            ReplyReceived(
                purpose=request.purpose,
                order=self._order,
                usage=reply.usage,
                seconds=0.0,
                from_journal=True,
            )
        )
        return reply

    async def _ask(self, digest: str, request: ChatRequest) -> ChatReply:
        self._book.begin(digest)
        try:
            reply = await self._inner.complete(request)
            await self._book.journal.store_reply(digest, request.purpose, reply)
        finally:
            self._book.end(digest)
        return reply
