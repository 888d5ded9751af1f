"""Several awaits at once, with one plain error if any fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import anyio.lowlevel

__all__ = ["all_of"]

ResultT = TypeVar("ResultT")


async def all_of(
    calls: Sequence[Callable[[], Awaitable[ResultT]]], *, patient: tuple[type[Exception], ...] = ()
) -> list[ResultT]:
    """Run all calls at once and give their results in order.

    When one fails the others are cancelled, and its error is raised as itself, not in a group, so that
    whoever waits can name what to catch.  A ``patient`` error waits for the others, whose work is paid for.
    """
    if len(calls) == 1:  # most often; a task of its own would be for nothing
        return [await calls[0]()]
    results: dict[int, ResultT] = {}
    failed: list[Exception] = []

    async def keep(place: int, call: Callable[[], Awaitable[ResultT]]) -> None:
        try:
            results[place] = await call()
        except patient as error:
            failed.append(error)

    try:
        async with anyio.create_task_group() as group:
            for place, call in enumerate(calls[1:], start=1):
                group.start_soon(keep, place, call)
            if calls:
                await keep(0, calls[0])  # here, else this task would only wait
    except BaseExceptionGroup as errors:
        raise _first(errors) from None
    if failed:
        raise failed[0]
    if len(results) < len(calls):  # cancelled from outside, when the first call was shielded and went on
        await anyio.lowlevel.checkpoint()
    return [results[place] for place in range(len(calls))]


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
