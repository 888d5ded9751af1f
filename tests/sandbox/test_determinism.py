"""The same calls have the same outcomes and digests, wherever and however they are run.

Every runtime here has a template process of its own, and with it other hashes: nothing fixes their seed.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from sandbox import Execution, Pack, Trajectory, open_pack, open_runtime, pinned_digests
from sandbox import runtime as runtime_module
from tests.sandbox.dialogues import drawn_dialogues

PACKS = ("retail", "calendar", "travel")


def _wanted(pack: Pack) -> list[Trajectory]:
    drawn = drawn_dialogues(pack, random.Random(7), dialogues=60)
    return [Trajectory(start=world, calls=calls) for world, calls in drawn]


def _seen(executions: tuple[Execution, ...]) -> list[tuple[object, ...]]:
    """All but the steps, which only one lane counts."""
    return [
        (
            [(step.outcome, step.state_digest) for step in execution.steps],
            execution.final,
            execution.final_state_digest,
        )
        for execution in executions
    ]


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(part) for key, part in reversed(list(value.items()))}
    return [_turned(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", PACKS)
async def test_processes_hashes_lanes_batches_and_workers_change_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = open_pack(name)
    wanted = _wanted(pack)
    async with open_runtime(workers=1) as runtime:
        first = await runtime.run(pack, wanted)
    for trusted in (frozenset[str](), pinned_digests()):
        for workers, batch in ((1, 1), (2, 4), (3, 16)):
            monkeypatch.setattr(runtime_module, "BATCH_SIZE", batch)
            async with open_runtime(workers=workers, trusted=trusted) as runtime:
                assert _seen(await runtime.run(pack, wanted)) == _seen(first)


@pytest.mark.parametrize("name", PACKS)
async def test_the_order_of_keys_in_worlds_and_arguments_changes_nothing(name: str) -> None:
    pack = open_pack(name)
    turned = replace(
        pack, worlds={world: _turned(state) for world, state in pack.worlds.items()}, digest="turned"
    )
    wanted = _wanted(pack)
    turned_wanted = [
        replace(one, calls=tuple(replace(call, arguments=_turned(call.arguments)) for call in one.calls))
        for one in wanted
    ]
    for trusted in (frozenset[str](), frozenset({pack.digest, "turned"})):
        async with open_runtime(workers=1, trusted=trusted) as runtime:
            one = await runtime.run(pack, wanted)
            other = await runtime.run(turned, turned_wanted)
        assert _seen(one) == _seen(other)
