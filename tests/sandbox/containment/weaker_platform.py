"""Runs a Python program on a platform that lacks something: the kernel itself refuses it.

``python weaker_platform.py LAYER,.. ARGUMENTS...`` installs a filter under which taking these layers fails,
as it does on a kernel without them, and becomes ``python ARGUMENTS...``.  Layers: seccomp, landlock, rlimits.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2
# (x86-64, arm64)
PRCTL, LANDLOCK, SETRLIMIT, PRLIMIT = (157, 167), (444, 444), (160, 164), (302, 261)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT, NEW_LIMITS = 0, 16, 32
ALLOW, NOT_PERMITTED, NO_SUCH_CALL = 0x7FFF0000, 0x00050001, 0x00050026


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, operand)


def _refused(number: int, answer: int) -> list[bytes]:
    return [_step(EQUAL, number, 0, 1), _step(RETURN, answer)]


def _filter(layers: set[str], column: int) -> bytes:
    code = [_step(LOAD, NUMBER)]
    if "landlock" in layers:
        code += _refused(LANDLOCK[column], NO_SUCH_CALL)
    if "rlimits" in layers:
        code += _refused(SETRLIMIT[column], NOT_PERMITTED)
        code += [_step(EQUAL, PRLIMIT[column], 0, 4), _step(LOAD, NEW_LIMITS)]
        code += [_step(EQUAL, 0, 1, 0), _step(RETURN, NOT_PERMITTED), _step(LOAD, NUMBER)]
    if "seccomp" in layers:
        code += [_step(EQUAL, PRCTL[column], 0, 3), _step(LOAD, FIRST_ARGUMENT)]
        code += _refused(SET_SECCOMP, NOT_PERMITTED)
    return b"".join([*code, _step(RETURN, ALLOW)])


def main() -> None:
    """Install the filter and become the program."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = _filter(set(sys.argv[1].split(",")), 0 if os.uname().machine == "x86_64" else 1)
    program = _Program(len(code) // 8, code)
    assert libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0) == 0
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])


if __name__ == "__main__":
    main()
