"""Gives up, for good, everything that a worker does not need; and probes what that achieved.

No root, no namespace, no package: resource limits everywhere, and on Linux ``no_new_privs``, Landlock and a
seccomp filter through ctypes.  What a platform cannot do is left out and shows in the level.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import socket
import sys
from collections.abc import Callable
from functools import lru_cache

from sandbox.isolation import Isolation, IsolationLevel
from sandbox.workers import seccomp

__all__ = [
    "Isolation",
    "IsolationLevel",
    "close_descriptors",
    "confine",
    "die_with_parent",
    "prepare",
    "probe",
]

MEMORY_BYTES = 768 << 20
CPU_SECONDS = 3_600
NOBODY = 65_534

SET_PDEATHSIG, SET_SECCOMP, SET_NO_NEW_PRIVS, SECCOMP_FILTER, SIGKILL = 1, 22, 38, 2, 9
LANDLOCK_CREATE, LANDLOCK_RESTRICT = 444, 446
# file-system rights by Landlock ABI version (linux/landlock.h); everything that is named here is denied
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK_RIGHTS = 3  # bind and connect over TCP, from ABI 4
SCOPES = 3  # abstract sockets and signals beyond this domain, from ABI 6


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


def close_descriptors(*, keep: set[int]) -> None:
    """Close every open file but some."""
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536)
    low = 0
    for descriptor in sorted(keep):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, limit)


def die_with_parent() -> None:
    """Ask the kernel (Linux) to kill this process when its parent ends."""
    if sys.platform == "linux":
        _libc().prctl(SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def prepare() -> None:
    """Do, before a process forks, what each fork would have to do again, in memory of its own."""
    os.environ.clear()
    if sys.platform == "linux":
        for name in ("prctl", "syscall"):  # found here, where all forks share them
            getattr(_libc(), name)
        _filter()


def confine(*, keep: int) -> tuple[str, ...]:
    """Confine this process for good; only the descriptor ``keep`` stays open.  Give the measures taken."""
    if os.environ:  # a fork's is empty already
        os.environ.clear()
    close_descriptors(keep={keep})
    steps: list[tuple[str, Callable[[], bool]]] = [("privileges", _drop_privileges)]
    if sys.platform == "linux":
        steps += [("no_new_privs", _no_new_privileges), ("landlock", _landlock)]
    steps.append(("rlimits", _limit_resources))
    if sys.platform == "linux":
        steps.append(("seccomp", _filter_calls))
    taken = ["closed_descriptors", "empty_environment"]
    taken += [name for name, step in steps if step()]
    return tuple(taken)


def probe(measures: tuple[str, ...]) -> Isolation:
    """Try what must not work, in a confined process; give the level that was really reached."""
    reached = [name for name, attempt in _ATTEMPTS.items() if _works(attempt)]
    if "seccomp" in measures and not reached:
        level = IsolationLevel.STRONG
    elif "rlimits" in measures and "open_file" not in reached:
        level = IsolationLevel.LIMITED
    else:
        level = IsolationLevel.NONE
    return Isolation(level=level, measures=measures)


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return False
    return True


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "open_file": lambda: os.open("/", os.O_RDONLY),
    "socket": socket.socket,
    "signal": lambda: os.kill(os.getpid(), 0),
    "fork": _fork,
}


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _drop_privileges() -> bool:
    if os.geteuid() != 0:
        return True
    with contextlib.suppress(OSError):
        os.setgroups([])
    try:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    except OSError:
        return False
    die_with_parent()  # forgotten by the kernel when the user changes
    return True


def _no_new_privileges() -> bool:
    return bool(_libc().prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def _landlock() -> bool:
    libc = _libc()
    version = libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    rules = _Ruleset(FILE_RIGHTS[min(version, 5)], NETWORK_RIGHTS, SCOPES)
    size = 8 if version < 4 else 16 if version < 6 else 24
    descriptor = libc.syscall(LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if descriptor < 0:
        return False
    try:
        return bool(libc.syscall(LANDLOCK_RESTRICT, descriptor, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(descriptor)


def _limit_resources() -> bool:
    limits = {
        "RLIMIT_AS": MEMORY_BYTES,
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": CPU_SECONDS,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_NOFILE": 0,
    }
    done = True
    for name, value in limits.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        try:
            resource.setrlimit(number, (value, value))
        except (OSError, ValueError):
            done = done and name == "RLIMIT_AS"  # macOS refuses it
    return done


@lru_cache(maxsize=1)
def _filter() -> bytes | None:
    machine = os.uname().machine
    return seccomp.filter_program(machine) if seccomp.machine_known(machine) else None


def _filter_calls() -> bool:
    program = _filter()
    if program is None:
        return False
    described = _Filter(len(program) // 8, program)
    return bool(_libc().prctl(SET_SECCOMP, SECCOMP_FILTER, ctypes.byref(described), 0, 0) == 0)
