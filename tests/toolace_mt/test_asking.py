"""What a dialogue's requests cost, whether or not their replies could be used."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest

from engine import RefusedRequest, Usage
from engine.testing import ScriptedModel, request
from toolace_mt.asking import Cost, Tally

USED = Usage(prompt_tokens=5, completion_tokens=2)


@pytest.mark.parametrize(
    ("script", "cost"),
    [
        ([RefusedRequest("too long")], Cost()),
        ([RefusedRequest("declined", usage=USED)], Cost(requests=1, usage=USED)),
        (["two words"], Cost(requests=1, usage=Usage(prompt_tokens=1, completion_tokens=2))),
    ],
)
async def test_what_a_reply_cost_is_counted_whether_it_can_be_used_or_not(
    script: Sequence[str | Exception], cost: Cost
) -> None:
    tally = Tally(ScriptedModel(script))
    with suppress(RefusedRequest):
        await tally.ask(request("one"))
    assert tally.cost == cost
