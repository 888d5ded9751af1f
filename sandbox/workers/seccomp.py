"""A system-call filter for workers: what a running Python needs, and nothing that opens, connects or starts.

The numbers are the kernel's (``asm/unistd.h``); the program is classic BPF as in ``linux/filter.h``.
"""

from __future__ import annotations

import struct

__all__ = ["ALLOWED_CALLS", "filter_program", "machine_known"]

# name: (x86-64, arm64); None where the machine has no such call
ALLOWED_CALLS: dict[str, tuple[int | None, int]] = {
    "brk": (12, 214),
    "clock_gettime": (228, 113),
    "close": (3, 57),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "futex": (202, 98),
    "getpid": (39, 172),
    "getrandom": (318, 278),
    "getrusage": (98, 165),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "lseek": (8, 62),
    "madvise": (28, 233),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "poll": (7, 73),
    "read": (0, 63),
    "recvfrom": (45, 207),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "sendto": (44, 206),
    "sigaltstack": (131, 132),
    "write": (1, 64),
}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}
MAPPING_CALLS = ("mmap", "mprotect")

LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, THIRD_ARGUMENT = 0, 4, 32
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # allow; fail with EPERM; kill the process
FOREIGN_NUMBERS = 0x40000000  # the x32 calls of x86-64
EXECUTABLE = 4


def machine_known(machine: str) -> bool:
    """Tell whether there is a filter for this machine (``os.uname().machine``)."""
    return machine in MACHINES


def filter_program(machine: str) -> bytes:
    """Give the filter as an array of ``struct sock_filter``.  Raises ``KeyError`` for an unknown machine."""
    column, audit_number = MACHINES[machine]
    numbers = {name: call[column] for name, call in ALLOWED_CALLS.items()}
    plain = [number for name, number in numbers.items() if number is not None and name not in MAPPING_CALLS]
    mapping = [numbers[name] for name in MAPPING_CALLS]
    code = [
        _step(LOAD, MACHINE),
        _step(JUMP_EQUAL, audit_number, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(JUMP_ABOVE, FOREIGN_NUMBERS, 0, 1),
        _step(RETURN, REFUSE),
    ]
    for number in plain:
        code += [_step(JUMP_EQUAL, number, 0, 1), _step(RETURN, ALLOW)]
    for mapping_number in mapping:  # memory, but never memory to execute
        assert mapping_number is not None
        code += [
            _step(JUMP_EQUAL, mapping_number, 0, 4),
            _step(LOAD, THIRD_ARGUMENT),
            _step(JUMP_BITS, EXECUTABLE, 0, 1),
            _step(RETURN, REFUSE),
            _step(RETURN, ALLOW),
        ]
    code.append(_step(RETURN, REFUSE))
    return b"".join(code)


def _step(operation: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, operand)
