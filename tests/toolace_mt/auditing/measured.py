"""``toolace-mt audit`` as a real process that tells how much memory it took."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

__all__ = ["Measured", "audit_process", "measured", "openai_record"]

_PROGRAM = """
import sys
from toolace_mt.cli import main
try:
    main()
finally:
    own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    sys.stderr.write(own)
"""
"""The kernel's own figure of the program after its start; what a parent is told counts the parent's too."""
_LONGEST_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A finished audit: its summary and findings, its exit status, and the most memory that it had."""

    status: int
    told: dict[str, Any]
    complaint: str
    peak_mb: float

    @property
    def rules(self) -> list[str]:
        return [found["rule"] for found in self.told["findings"]]


def audit_process(*words: str | Path, stdin: int | IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start an audit that tells all it found as one JSON object."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "audit", *map(str, words), "--output", "json"],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def measured(*words: str | Path, parts: Iterable[bytes] | None = None) -> Measured:
    """Run an audit to its end; ``parts`` are written to its standard input one after the other."""
    with audit_process(*words, stdin=None if parts is None else subprocess.PIPE) as process:
        if parts is not None and process.stdin is not None:
            for part in parts:
                process.stdin.write(part)
            process.stdin.close()
            process.stdin = None
        out, err = process.communicate(timeout=_LONGEST_SECONDS)
    *said, peak = err.decode().splitlines()
    return Measured(
        status=process.returncode,
        told=json.loads(out) if out else {},
        complaint="\n".join(said),
        peak_mb=int(peak.split()[1]) / 1024,
    )


def openai_record(arguments: str, *, schema: Any = None) -> dict[str, Any]:
    """A dialogue of one call, whose arguments are this text."""
    function = {"name": "f", "parameters": schema or {"type": "object"}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": "Do it with 5."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "{}"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": function}],
    }
