"""Runs recorded calls in a trusted Python environment: somebody's classes, in worker processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.lowlevel

from sandbox import (
    SandboxError,
    StateReading,
    TrustedExecution,
    TrustedRuntime,
    TrustedTrajectory,
    Unopened,
    WrittenRecord,
    open_trusted,
)
from toolace_mt.auditing.environment import (
    Environment,
    EnvironmentUnusableError,
    Executed,
    NotExecuted,
    Recorded,
    ends_otherwise,
    state_differences,
)
from toolace_mt.auditing.replay import calls_of, fault_problem, faults_of

__all__ = ["open_trusted_environment"]


@asynccontextmanager
async def open_trusted_environment(name: str, *, workers: int = 1) -> AsyncIterator[Environment]:
    """Open ``python:MODULE:FACTORY`` or a shipped environment such as ``bfcl``.

    Its workers start while the first records are judged.  Raise EnvironmentUnusableError, in a group, if it
    cannot be imported or started.
    """
    environment = _TrustedEnvironment(name)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(environment.keep_open, workers)
        await anyio.lowlevel.checkpoint()  # its process starts now, and not when the first file has been read
        yield environment
        await environment.close()


class _TrustedEnvironment:
    """Gives each record to the factory, and makes the record's calls on what the factory made of it."""

    isolation = TrustedRuntime.isolation

    def __init__(self, name: str) -> None:
        self._name = name
        self._runtime: TrustedRuntime | None = None
        self._opened = anyio.Event()
        self._finished = anyio.Event()

    async def keep_open(self, workers: int) -> None:
        """Open the environment, and close it when ``close`` is called."""
        try:
            async with open_trusted(self._name, workers=workers) as runtime:
                self._runtime = runtime
                self._opened.set()
                await self._finished.wait()
        except SandboxError as error:
            raise EnvironmentUnusableError(_unusable(self._name, str(error))) from None

    async def close(self) -> None:
        """Wait until it is known whether the environment opens, which nobody may have asked yet."""
        await self._opened.wait()
        self._finished.set()

    @property
    def name(self) -> str:
        return self._name

    @property
    def reads(self) -> frozenset[str] | None:
        """Python does not tell which methods change nothing."""
        return None

    async def execute(self, records: Sequence[Recorded]) -> list[Executed | NotExecuted]:
        """Execute each record's parsable calls."""
        problems = [fault_problem(record.transcript.setting) for record in records]
        trajectories = [
            _trajectory(record) for record, problem in zip(records, problems, strict=True) if problem is None
        ]
        await self._opened.wait()
        assert self._runtime is not None
        runs = iter(await self._runtime.run(trajectories, read=StateReading.DIGEST))
        results = [
            NotExecuted(reason=problem) if problem is not None else _ran(next(runs)) for problem in problems
        ]
        return await self._told(self._runtime, records, results)

    async def _told(
        self,
        runtime: TrustedRuntime,
        records: Sequence[Recorded],
        results: list[Executed | NotExecuted],
    ) -> list[Executed | NotExecuted]:
        """Run again those that end in another state than the record has, to see the difference."""
        differing = {
            number: result
            for number, result in enumerate(results)
            if isinstance(result, Executed)
            and records[number].transcript.setting.final_state is not None
            and ends_otherwise(records[number].transcript.setting, result)
        }
        again = [_trajectory(records[number]) for number in differing]
        runs = await runtime.run(again, read=StateReading.FINAL) if again else ()
        for (number, result), run in zip(differing.items(), runs, strict=True):
            if isinstance(run, TrustedExecution) and run.final_state is not None:
                differences = state_differences(records[number].transcript.setting, run.final_state)
                results[number] = replace(result, differences=differences)
        return results


def _unusable(name: str, reason: str) -> str:
    """Name the environment once; those who tell the reason may have named it too."""
    while reason.startswith(f"{name}: "):
        reason = reason.removeprefix(f"{name}: ")
    return f"environment {name}: {reason}"


def _trajectory(record: Recorded) -> TrustedTrajectory:
    transcript = record.transcript
    return TrustedTrajectory(
        record=WrittenRecord(text=record.text, id=transcript.id),
        turns=(calls_of(transcript),),
        faults=faults_of(transcript.setting),
    )


def _ran(run: TrustedExecution | Unopened) -> Executed | NotExecuted:
    if isinstance(run, Unopened):
        return NotExecuted(reason=run.reason)
    return Executed(outcomes=run.outcomes, final_state_digest=run.final_state_digest)
