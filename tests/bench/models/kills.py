"""Runs that are killed by SIGKILL at random moments; ``python -m tests.bench.models.kills 200``.

Each run goes on until it ends in spite of the kills; then its files must be those of an undisturbed run, byte
for byte, and the server must not have answered more requests twice than were in flight at the kills.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.abc import Process

from engine.simulated import Behaviour, SimulatedServer
from tests.end_to_end.program import command, data_of, environment

__all__ = ["KillStudy", "kill_study"]

_GAPS_OF_A_DIALOGUE = 4  # a round fills at most four gaps of a dialogue at once
_LONGEST_SECONDS = 120
_BEHAVIOUR = Behaviour(
    seconds=0.02,
    spread=0.9,
    error_rate=0.05,
    refusal_rate=0.01,
    outage_rate=0.005,
    malformed_rate=0.005,
    retry_after=0.05,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillStudy:
    """What was seen: ``most_repeats`` is how many requests were in flight at the kills, at most."""

    kills: int
    runs: int
    differing: int
    answered: int
    repeats: int
    most_repeats: int


async def kill_study(
    kills: int, folder: Path, *, count: int = 16, packs: Sequence[str] = (), seed: int = 0
) -> KillStudy:
    """Kill runs of ``count`` dialogues so many times in all, and let each come to its end.

    Without ``packs`` all are taken; each of them makes every start a little longer.
    """
    chance = random.Random(seed)
    words = ("--count", str(count), *(word for pack in packs for word in ("--pack", pack)))
    async with SimulatedServer(_BEHAVIOUR).running() as server:
        undisturbed = folder / "undisturbed"
        await _to_the_end(server, undisturbed, words, 8)
        requests = server.statistics()["answered"]
    done = runs = differing = answered = repeats = most_repeats = 0
    while done < kills:
        run = folder / f"run-{runs}"
        runs += 1
        async with SimulatedServer(_BEHAVIOUR).running() as server:
            dialogues = chance.choice((2, 4, 8, 16))
            while done < kills and await _killed(server, run, words, dialogues, chance, requests):
                done += 1
                most_repeats += dialogues * _GAPS_OF_A_DIALOGUE
                dialogues = chance.choice((2, 4, 8, 16))
            await _to_the_end(server, run, words, dialogues)
            differing += data_of(run) != data_of(undisturbed)
            answered += server.statistics()["answered"]
            repeats += server.statistics()["repeats"]
    return KillStudy(
        kills=done,
        runs=runs,
        differing=differing,
        answered=answered,
        repeats=repeats,
        most_repeats=most_repeats,
    )


async def _killed(
    server: SimulatedServer,
    run: Path,
    words: Sequence[str],
    dialogues: int,
    chance: random.Random,
    requests: int,
) -> bool:
    """Kill the run at a random moment of its work; False when it came to its end before."""
    killed = False
    async with await _start(server, run, words, dialogues) as process, anyio.create_task_group() as group:

        async def kill() -> None:
            nonlocal killed
            await server.asked_again(chance.randint(1, max(2, requests // 8)))
            await anyio.sleep(chance.uniform(0, 0.04))
            process.send_signal(signal.SIGKILL)
            killed = True

        group.start_soon(kill)
        with anyio.fail_after(_LONGEST_SECONDS):
            status = await process.wait()
        group.cancel_scope.cancel()
    return killed and status == -signal.SIGKILL


async def _to_the_end(server: SimulatedServer, run: Path, words: Sequence[str], dialogues: int) -> None:
    async with await _start(server, run, words, dialogues) as process:
        with anyio.fail_after(_LONGEST_SECONDS):
            status = await process.wait()
    if status != 0:
        raise RuntimeError(f"the run in {run} ended with status {status}")


async def _start(server: SimulatedServer, run: Path, words: Sequence[str], dialogues: int) -> Process:
    model = f"simulated:{server.url}"
    return await anyio.open_process(
        command(
            *("generate", "--model", model, "--out", run, "--resume", "--concurrency", str(dialogues)), *words
        ),
        env=environment(),
        stdin=None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _main(kills: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seen = await kill_study(kills, Path(folder))
    sys.stdout.write(
        f"{seen.kills} kills in {seen.runs} runs: {seen.differing} runs with other files; "
        f"{seen.answered:,} requests answered, {seen.repeats} of them twice "
        f"(at most {seen.most_repeats} were in flight at the kills)\n"
    )


if __name__ == "__main__":
    anyio.run(_main, int(sys.argv[1]) if len(sys.argv) > 1 else 12)
