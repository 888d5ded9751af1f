"""Reads the tools of a Python class or toolkit, in a worker process."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.importers.foreign import ForeignTool, ForeignTools, Recording
from sandbox.trusted.runtime import TrustedRuntime, open_trusted
from sandbox.trusted.types import TrustedTrajectory, Unopened
from sandbox.types import Call, Fault, Returned

__all__ = ["read_python"]


async def read_python(source: str, *, calls: Sequence[Call] = ()) -> ForeignTools:
    """Describe the tools of ``python:MODULE:NAME``, a class, a factory or a list of functions.

    ``calls`` are made in order, and their answers kept.  Raises ``EnvironmentUnusable``.
    """
    async with open_trusted(source) as runtime:
        described = await runtime.tools()
        recordings, notes = await _recorded(runtime, calls)
    tools = []
    for tool in described:
        function = tool["function"]
        assert isinstance(function, dict)
        tools.append(
            ForeignTool(
                name=function["name"],
                description=function["description"],
                parameters=function["parameters"],
                returns=tool["returns"],
                effect="write",  # Python does not tell
                recordings=tuple(recordings.get(function["name"], ())),
            )
        )
    name = source.removeprefix("python:").replace(":", ".")
    return ForeignTools(source=source, title=name, tools=tuple(tools), notes=tuple(notes))


async def _recorded(
    runtime: TrustedRuntime, calls: Sequence[Call]
) -> tuple[dict[str, list[Recording]], list[str]]:
    recordings: dict[str, list[Recording]] = {}
    notes: list[str] = []
    if not calls:
        return recordings, notes
    (run,) = await runtime.run([TrustedTrajectory(record={}, turns=(tuple(calls),))])
    if isinstance(run, Unopened):
        return recordings, [f"nothing is recorded: {run.reason}"]
    for call, outcome in zip(calls, run.outcomes, strict=True):
        match outcome:
            case Returned(value):
                recording = Recording(arguments=call.arguments, value=value)
                recordings.setdefault(call.name, []).append(recording)
            case Fault(_, _, message):
                notes.append(f"{call.name} failed and is not recorded: {message[:200]}")
    return recordings, notes
