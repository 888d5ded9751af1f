"""The child side: a template process that forks confined workers, and the loop of one worker.

The template starts fresh with nothing inherited, imports what executing tool code needs, and never runs a
pack's code itself.  A worker is a fork of it that has given up everything but its one socket.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
import unicodedata  # the parser wants it for names beyond ASCII, and a confined worker cannot import it
from io import BufferedReader
from typing import Any, NoReturn

import orjson

from sandbox.errors import SandboxError
from sandbox.language.meter import Meter
from sandbox.language.surroundings import Surroundings
from sandbox.schema import lint_schema
from sandbox.state.live_world import LiveWorld
from sandbox.types import Fault
from sandbox.workers import confine
from sandbox.workers.compiled import compile_source, read_compiled, write_compiled
from sandbox.workers.faults import read_faults
from sandbox.workers.frames import BUFFER_BYTES, FrameError, encode, holds_too_much, receive, send
from sandbox.workers.program import Program, load_program
from sandbox.workers.sharing import share_memory

__all__ = ["main", "serve", "start"]

assert unicodedata.unidata_version

TIRED_AFTER_CPU_SECONDS = 900
MAX_ERROR_TEXT = 2_000
GARBAGE_AFTER = 50_000


def main(control_descriptor: int) -> NoReturn:
    """Serve fork requests until the parent closes the control socket; then end with all workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when an interrupted run ends
    # Not die_with_parent: Linux means the thread that started us, and that one may end at any time.
    control = socket.socket(fileno=control_descriptor)
    confine.prepare()
    surroundings = Surroundings.of(Meter())
    share_memory(surroundings)
    send(control, encode({"ready": True}))
    workers: set[int] = set()
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not request:
            break
        if descriptors:
            pid = _start_worker(control, descriptors[0], surroundings)
            workers.add(pid)
            send(control, encode({"pid": pid}))
        else:
            pid = int(request)
            send(control, encode({"status": _end(pid) if pid in workers else 0}))
            workers.discard(pid)
    for pid in workers:
        _end(pid)
    os._exit(0)


def _end(pid: int) -> int:
    """Kill a worker unless it has ended; give its wait status.  Only we reap it: the number is still its."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return status


def _start_worker(control: socket.socket, descriptor: int, surroundings: Surroundings) -> int:
    pid = os.fork()
    if pid:
        os.close(descriptor)
        return pid
    try:
        confine.die_with_parent()
        control.detach()
        channel = socket.socket(fileno=descriptor)
        channel.setblocking(True)
        isolation = confine.probe(confine.confine(keep=descriptor))
        send(channel, encode({"level": isolation.level, "measures": isolation.measures}))
        serve(channel, surroundings)
    finally:
        os._exit(1)


def serve(channel: socket.socket, surroundings: Surroundings) -> NoReturn:
    """Answer messages until the parent closes the socket."""
    gc.set_threshold(
        GARBAGE_AFTER, 20, 20
    )  # plain JSON makes no cycles; looking for them often is for nothing
    programs: dict[str, Program] = {}
    asked = BufferedReader(channel.makefile("rb", buffering=0), BUFFER_BYTES)
    while True:
        try:
            message = receive(asked)
            if message is None:
                break
            answer = encode(_answer(message, programs, surroundings))
            if holds_too_much(answer):
                answer = encode({"failed": "too long", "why": "the answer holds too many values"})
        except FrameError as error:
            answer = encode({"failed": "too long", "why": str(error)})
        except MemoryError:
            gc.collect()
            answer = encode({"failed": "memory"})
        except Exception as error:  # noqa: BLE001  # a worker tells what it can, and serves on
            answer = encode({"failed": f"{type(error).__name__}: {error}"[:MAX_ERROR_TEXT]})
        send(channel, answer)
        if time.process_time() > TIRED_AFTER_CPU_SECONDS:
            break
    os._exit(0)


def _answer(
    message: dict[str, Any], programs: dict[str, Program], surroundings: Surroundings
) -> dict[str, Any]:
    match message:
        case {"compile": sources, "trusted": trusted, "schemas": schemas}:
            try:
                for where, schema in () if trusted else schemas.items():
                    lint_schema(schema, where=where)
            except SandboxError as error:
                return {"failed": str(error)[:MAX_ERROR_TEXT]}
            return {"compiled": [write_compiled(compile_source(one, trusted=trusted)) for one in sources]}
        case {"load": pack, "digest": digest, "trusted": trusted, "compiled": compiled}:
            sources = [*map(read_compiled, compiled)]
            programs[digest] = load_program(pack, sources, surroundings, trusted=trusted)
            return {"loaded": digest}
        case {"run": digest, "batch": batch, "strict": strict, "number": number}:
            program = programs[digest]
            done = [_trajectory(program, entry, strict=strict) for entry in batch]
            return {"number": number, "batch": done}
        case _:
            return {"failed": "unknown message"}


def _trajectory(program: Program, entry: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    """Make one trajectory's calls; answer in columns, which the parent reads twice as fast as rows."""
    world = _opened(program, entry)
    planned = read_faults(entry["faults"]) if "faults" in entry else {}
    keep = entry.get("keep", False)
    results: list[bytes] = []
    digests: list[str] = []
    used: list[int | None] = []
    faults: list[list[Any]] = []
    kept: list[list[Any]] = []
    for call in entry["calls"]:
        unfit = call[2] if len(call) > 2 else None
        fault = planned.get(world.calls_made) if planned else None
        answer, steps = program.call(world, call[0], call[1], fault, unfit=unfit, strict=strict)
        if isinstance(answer, bytes):  # a match takes five times as long
            results.append(answer)
        else:
            faults.append([len(results), *_written(answer)])
            results.append(b"null")
        digests.append(world.digest)
        used.append(steps)
        if keep:
            kept.append([dict(world.counters), *world.changes()])
    # In one: what orjson writes takes 4 KB for as long as it is kept (0.4 MB of a worker's memory).
    written = orjson.Fragment(b"[" + b",".join(results) + b"]")
    columns: dict[str, Any] = {"results": written, "digests": digests, "used": used, "faults": faults}
    columns["digest"] = world.digest
    if keep:
        columns["kept"] = kept
    if entry.get("final", True):
        tables, gone = world.changes()
        columns |= {"tables": tables, "gone": gone, "counters": world.counters}
    return columns


def _opened(program: Program, entry: dict[str, Any]) -> LiveWorld:
    origin = program.world(entry["world"])
    if "tables" not in entry:
        return LiveWorld.fresh(origin)
    return LiveWorld.resumed(origin, entry["tables"], entry["gone"], entry["counters"], entry["made"])


def _written(fault: Fault) -> tuple[str, str, str]:
    return fault.kind, _speakable(fault.code), _speakable(fault.message)


def _speakable(text: str) -> str:
    """Cut what a tool said; half a surrogate pair cannot be sent."""
    return text[:MAX_ERROR_TEXT].encode("utf-8", "replace").decode()


def start() -> NoReturn:
    """Run the template; the control socket's descriptor is the last argument."""
    main(int(sys.argv[-1]))
