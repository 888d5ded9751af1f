"""Which result answers which call, and whether a recorded result reports a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolace_mt.transcript import JsonValue, Message, RecordedCall, Transcript

__all__ = ["CallSite", "Pairing", "RecordedError", "call_sites", "pair_results", "recorded_error"]

_ERROR_TEXT = re.compile(
    r"\s*(?:error\b|errors?:|exception\b|traceback \(most recent|failed\b|failure\b|\w*error:|\w*exception:)",
    re.IGNORECASE,
)


class CallSite(NamedTuple):
    """A call and where it stands: the message, and the number of the call in it."""

    where: tuple[int, int]
    call: RecordedCall

    @property
    def turn(self) -> int:
        return self.where[0]

    @property
    def number(self) -> int:
        return self.where[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedError:
    """A failure as the record tells it.  ``kind`` and ``code`` are None where the data has no such fields."""

    kind: str | None = None
    code: str | None = None
    message: str = ""


class Pairing(NamedTuple):
    """All calls in order as ``sites``, and which results belong to them.

    ``answers`` gives the turn of the result by (turn, call); ``stray`` are results that answer no open call;
    ``misnamed`` are results (with their calls) that carry another tool's name.
    """

    sites: tuple[CallSite, ...]
    answers: Mapping[tuple[int, int], int]
    stray: tuple[int, ...]
    misnamed: tuple[tuple[int, CallSite], ...]


def call_sites(transcript: Transcript) -> tuple[CallSite, ...]:
    """Give every call of the dialogue in order."""
    return tuple(
        site
        for turn, message in enumerate(transcript.messages)
        if message.calls
        for site in _sites(turn, message.calls)
    )


def pair_results(transcript: Transcript) -> Pairing:
    """Match results with calls: by id where there is one, else by name, else by order.

    Only calls of the nearest assistant message with calls are open, and only until another speaker comes.
    """
    sites: list[CallSite] = []
    answers: dict[tuple[int, int], int] = {}
    stray: list[int] = []
    misnamed: list[tuple[int, CallSite]] = []
    pending: Sequence[CallSite] = ()
    for turn, message in enumerate(transcript.messages):
        opened = _sites(turn, message.calls) if message.calls else ()
        sites.extend(opened)
        if message.role != "tool":
            pending = opened
            continue
        site = _answered(message, pending)
        if site is None:
            stray.append(turn)
            continue
        pending = [other for other in pending if other is not site] if len(pending) > 1 else ()
        answers[site.where] = turn
        if message.name is not None and message.name != site.call.name:
            misnamed.append((turn, site))
    return Pairing(tuple(sites), answers, tuple(stray), tuple(misnamed))


def _sites(turn: int, calls: Sequence[RecordedCall]) -> list[CallSite]:
    return [CallSite((turn, number), call) for number, call in enumerate(calls)]


def _answered(message: Message, pending: Sequence[CallSite]) -> CallSite | None:
    if message.call_id is not None:
        for site in pending:
            if site.call.id == message.call_id:
                return site
        if any(site.call.id is not None for site in pending):
            return None
    if message.name is not None:
        named = [site for site in pending if site.call.name == message.name]
        if named:
            return named[0]
    return pending[0] if pending else None


def recorded_error(value: JsonValue) -> RecordedError | None:
    """Tell whether a recorded result reports a failure, by the forms that data sets use."""
    if isinstance(value, str):
        return RecordedError(message=value) if _ERROR_TEXT.match(value) else None
    if not isinstance(value, (dict, Mapping)):
        return None
    error = value.get("error", value.get("exception"))
    if error is None:
        return None
    if isinstance(error, (dict, Mapping)):
        kind, code, message = (error.get(field) for field in ("kind", "code", "message"))
        return RecordedError(
            kind=kind if isinstance(kind, str) else None,
            code=code if isinstance(code, str) else None,
            message=message if isinstance(message, str) else "",
        )
    if isinstance(error, str) and error.strip():
        return RecordedError(message=error)
    if error is True:
        return RecordedError(message=str(value.get("message", "")))
    return None
