"""The child side of a trusted environment: makes the objects, makes the calls, reads the state."""

from __future__ import annotations

import atexit
import contextlib
import gc
import inspect
import os
import re
import resource
import signal
import socket
import sys
from io import BufferedReader
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, NoReturn

import orjson
import xxhash

from sandbox.errors import SandboxError
from sandbox.fault import Fault, FaultKind
from sandbox.trusted.plain import NotPlainError
from sandbox.trusted.toolkit import Factory, Toolkit, find_factory
from sandbox.workers.faults import TRUNCATED, read_faults, truncated
from sandbox.workers.frames import BUFFER_BYTES, FrameError, encode, receive, send

__all__ = ["serve", "start"]

MAX_ERROR_TEXT = 2_000
GARBAGE_AFTER = 50_000
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def start() -> NoReturn:
    """Serve the socket whose descriptor is the last argument, in at most so many bytes of memory."""
    memory_bytes, descriptor = int(sys.argv[-2]), int(sys.argv[-1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when an interrupted run ends
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    serve(socket.socket(fileno=descriptor))
    atexit._run_exitfuncs()  # the environment's own; taking the interpreter apart takes 20 ms
    os._exit(0)


def serve(channel: socket.socket) -> None:
    """Answer messages until the parent closes the socket."""
    desk = _Desk()
    asked = BufferedReader(channel.makefile("rb", buffering=0), BUFFER_BYTES)
    while True:
        try:
            message = receive(asked)
        except (FrameError, OSError):
            break
        if message is None:
            break
        try:
            answer = encode(desk.answer(message))
        except MemoryError:
            gc.collect()
            answer = encode({"failed": "memory"})
        except SandboxError as error:
            answer = encode({"failed": str(error)[:MAX_ERROR_TEXT]})
        except Exception as error:  # noqa: BLE001  # whatever the environment's own code raises
            answer = encode({"failed": _exception_text(error)})
        send(channel, answer)


class _Desk:
    """The opened environment, and the toolkit of the last record so that calls can go on with it."""

    def __init__(self) -> None:
        self._factory: Factory | None = None
        self._run: _Run | None = None

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        match message:
            case {"open": str(source)}:
                self._factory = find_factory(source)
                gc.freeze()  # what was imported stays; looking through it for garbage is for nothing
                gc.set_threshold(GARBAGE_AFTER, 20, 20)
                gc.enable()
                return {"opened": True}
            case {"tools": record}:
                from sandbox.trusted.signatures import describe_tools

                return {"tools": describe_tools(self._made(record).tools)}
            case {"batch": batch, "read": reading}:
                return {"batch": [self._trajectory(entry, reading) for entry in batch]}
            case _:
                return {"failed": "unknown message"}

    def _made(self, record: dict[str, Any] | None) -> Toolkit:
        if self._factory is None:
            raise SandboxError("no environment is open")
        return self._factory(record)

    def _trajectory(self, entry: dict[str, Any], reading: str) -> dict[str, Any]:
        record = _record(entry)
        if record is not None:
            self._run = None
            try:
                self._run = _Run(self._made(record), read_faults(entry["faults"]))
            except SandboxError as error:
                return {"unopened": str(error)[:MAX_ERROR_TEXT]}
            except Exception as error:  # noqa: BLE001  # the factory's own code
                return {"unopened": _exception_text(error)}
        if self._run is None:
            return {"unopened": "the record could not be opened"}
        try:
            return self._run.go(entry["turns"], reading)
        except NotPlainError as error:
            return {"unopened": f"the state cannot be read: {error}"}


def _record(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Give the record that is to be opened; None if it is the one that is open."""
    if "text" not in entry:
        record: dict[str, Any] | None = entry["record"]
        return record
    try:
        written = orjson.loads(entry["text"])
    except orjson.JSONDecodeError:
        written = {}
    read = written if isinstance(written, dict) else {"record": written}
    read.setdefault("id", entry["id"])
    return read


class _Run:
    """The calls of one record, on its own objects."""

    def __init__(self, toolkit: Toolkit, faults: dict[int, Fault]) -> None:
        self._toolkit = toolkit
        self._faults = faults
        self._made = 0
        self._told = b""

    def go(self, turns: list[list[Any]], reading: str) -> dict[str, Any]:
        self._told = b""
        done = [self._turn(calls, reading) for calls in turns]
        # Nothing is called after the last turn, so what was read then is final.
        state = self._told or self._toolkit.write_state()
        told = None if reading == "digest" else self._unless_told(state)
        return {"turns": done, "state": told, "digest": _digest(state)}

    def _turn(self, calls: list[Any], reading: str) -> list[Any]:
        results: list[bytes] = []
        faults: list[list[Any]] = []
        digests: list[str] = []
        for name, arguments, *unfit in calls:
            answer = self._call(name, arguments, unfit)
            if isinstance(answer, Fault):
                faults.append([len(results), answer.kind, answer.code, answer.message])
                answer = b"null"
            results.append(answer)
            if reading == "call":
                digests.append(_digest(self._toolkit.write_state()))
        outcomes = [orjson.Fragment(b"[%b]" % b",".join(results)), faults]
        if reading in ("digest", "final"):
            return outcomes
        state = self._toolkit.write_state()
        return [*outcomes, self._unless_told(state), _digest(state), digests]

    def _unless_told(self, state: bytes) -> orjson.Fragment | None:
        """Write a state, or None if it is the one that was told before."""
        if state == self._told:
            return None
        self._told = state
        return orjson.Fragment(state)

    def _call(self, name: str, arguments: dict[str, Any], unfit: list[str]) -> bytes | Fault:
        planned = self._faults.get(self._made)
        self._made += 1
        if planned is not None and planned.code != TRUNCATED:
            return planned
        method = self._toolkit.tool(name)
        if method is None:
            known = ", ".join(self._toolkit.tools)
            return _fault(FaultKind.UNKNOWN_TOOL, f"no tool {name!r}; the tools are {known}")
        if unfit:
            return _fault(FaultKind.INVALID_ARGUMENTS, f"the arguments are not plain JSON: {unfit[0]}")
        try:
            result = self._toolkit.write_result(_ended(method(**arguments)))
            return result if planned is None else truncated(planned, result)
        except NotPlainError as error:
            return _fault(FaultKind.INVALID_RESULT, str(error))
        except MemoryError:
            gc.collect()
            return _fault(FaultKind.MEMORY, "the call asked for more memory than a worker has")
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a tool may raise anything
            return self._failure(method, arguments, error)

    def _failure(self, method: Any, arguments: dict[str, Any], error: BaseException) -> Fault:
        if isinstance(error, TypeError) and not _binds(method, arguments):
            return _fault(FaultKind.INVALID_ARGUMENTS, _message(error))
        kind = FaultKind.TOOL_ERROR if isinstance(error, self._toolkit.errors) else FaultKind.UNDECLARED_ERROR
        return _fault(kind, _message(error), code=_code_of(error))


def _ended(result: Any) -> Any:
    """Wait for what an ``async`` tool gives."""
    kind = type(result)
    if kind is CoroutineType:
        import anyio  # few tools need it, and it takes long to import

        return anyio.run(_awaited, result)
    if kind is GeneratorType or kind is AsyncGeneratorType:
        raise NotPlainError("the tool gave a generator; have it give a list")
    return result


async def _awaited(result: CoroutineType[Any, Any, Any]) -> Any:
    return await result


def _binds(method: Any, arguments: dict[str, Any]) -> bool:
    try:
        inspect.signature(method).bind(**arguments)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def _fault(kind: FaultKind, message: str, *, code: str | None = None) -> Fault:
    text = message.encode(errors="replace").decode()[:MAX_ERROR_TEXT]
    return Fault(kind, code or kind.value, text)


def _message(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _code_of(error: BaseException) -> str:
    """``OrderNotFoundError`` is ``order_not_found``."""
    name = type(error).__name__
    return _WORD_START.sub("_", name.removesuffix("Error") or name).lower()


def _exception_text(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}".encode(errors="replace").decode()
    return " ".join(text.split())[:MAX_ERROR_TEXT]


def _digest(state: bytes) -> str:
    return xxhash.xxh3_128_hexdigest(state)
