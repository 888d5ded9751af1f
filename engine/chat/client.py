"""The wrappers around a model in their one order, cheap to put on for every dialogue."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Sequence

import anyio

from engine.chat.base import ChatModel
from engine.chat.journaled import JournaledModel, ReplyBook
from engine.chat.metered import MeteredModel
from engine.chat.retrying import RetryingModel, RetryPolicy
from engine.chat.structured import StructuredModel, Validators
from engine.events import EventStream
from engine.gates import Gates
from engine.journal import Journal

__all__ = ["ChatClient"]


class ChatClient:
    """A model with gates, retries, a journal and checked replies, shared by all dialogues of a run.

    ``others`` are the same model at further endpoints, one for each further lane of the request window.
    Which of them answered is not part of a reply's digest.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        others: Sequence[ChatModel] = (),
        gates: Gates | None = None,
        journal: Journal | None = None,
        retry: RetryPolicy | None = None,
        events: EventStream | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._others = tuple(others)
        self.gates = gates or Gates()
        self._book = None if journal is None else ReplyBook(journal)
        self._retry = retry or RetryPolicy()
        self._events = events or EventStream()
        self._clock = clock
        self._sleep = sleep
        self._draw = draw
        self._validators = Validators()

    @property
    def name(self) -> str:
        return self._model.name

    def for_job(self, order: int) -> ChatModel:
        """Give the model as the dialogue ``order`` sees it: structured(journaled(retrying(metered(model)))).

        Each reply is stored as it came; whether it fits its schema is decided anew on each replay.
        """
        model: ChatModel = RetryingModel(
            MeteredModel(
                self._model,
                self.gates,
                order=order,
                others=self._others,
                events=self._events,
                clock=self._clock,
            ),
            order=order,
            policy=self._retry,
            events=self._events,
            sleep=self._sleep,
            draw=self._draw,
        )
        if self._book is not None:
            model = JournaledModel(model, self._book, order=order, events=self._events)
        return StructuredModel(model, validators=self._validators)
