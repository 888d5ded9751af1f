"""Arguments that belong together are often drawn together; what fails is made as short as it gets."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Call, CounterExample, open_pack
from sandbox.checking.chance import PatternTexts, RandomChooser
from sandbox.checking.drawing import Drawer
from sandbox.checking.known import Known
from sandbox.checking.replays import turned_round
from sandbox.checking.shrinking import shrink
from sandbox.checking.starts import changed
from sandbox.errors import SandboxError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(seed=st.integers(0, 10_000))
def test_whatever_is_drawn_fits_its_schema(seed: int) -> None:
    pack = open_pack("calendar")
    drawer = Drawer(pack)
    chooser = RandomChooser(random.Random(seed))
    here = drawer.known(pack.worlds["default"], "default")
    for tool in pack.tools:
        call = drawer.call(tool, chooser, [here])
        assert call is None or drawer.fits[tool.name].fits(call.arguments)


def test_an_order_and_a_product_in_it_are_drawn_together_often_and_not_always() -> None:
    pack = open_pack("retail")
    drawer = Drawer(pack)
    here = Known([pack.worlds["default"]])
    orders = pack.worlds["default"]["orders"]
    assert isinstance(orders, dict)
    chooser = RandomChooser(random.Random(1), PatternTexts())
    calls = [drawer.call(pack.tool("return_item"), chooser, [here]) for _ in range(400)]
    together = [
        call
        for call in calls
        if call
        and call.arguments["product_id"] in orders.get(call.arguments["order_id"], {}).get("lines", ())
    ]
    assert 80 < len(together) < 320


@pytest.mark.parametrize("pattern", ["^L[0-9]+$", "^[0-9]{4}-[0-9]{2}$", "[^@ ]+@[^@ ]+", "^(a|b){2,3}$"])
def test_texts_for_a_pattern_match_it_and_are_the_same_for_a_seed(pattern: str) -> None:
    texts = PatternTexts(7)(pattern)
    assert len(texts) >= 3
    assert all(re.search(pattern, text) for text in texts)
    assert texts == PatternTexts(7)(pattern)


def test_a_pattern_that_python_does_not_know_has_no_texts() -> None:
    assert PatternTexts()(r"^\p{L}+$") == ()


@given(value=JSON)
def test_turning_keys_round_twice_gives_the_same_text(value: object) -> None:
    assert turned_round(value) == value
    assert str(turned_round(turned_round(value))) == str(value)


@given(
    amounts=st.lists(st.integers(0, 500), min_size=1, max_size=6),
    limit=st.integers(1, 400),
)
def test_a_sum_above_a_limit_shrinks_to_the_last_call_or_to_exactly_above_it(
    amounts: list[int], limit: int
) -> None:
    example = CounterExample(
        world="b", calls=tuple(Call(name="pay", arguments={"amount": amount}) for amount in amounts)
    )

    def breaks(trials: Sequence[CounterExample]) -> list[bool]:
        return [_paid(trial) > limit for trial in trials]

    if _paid(example) <= limit:
        return
    shrunk = shrink(example, breaks, worlds=["a", "b"])
    assert _paid(shrunk) > limit
    assert shrunk.world == "a"
    assert len(shrunk.calls) <= len(example.calls)
    if len(shrunk.calls) == 1:
        assert _paid(shrunk) == limit + 1


def _paid(example: CounterExample) -> int:
    return sum(int(str(call.arguments.get("amount", 0))) for call in example.calls)


def test_a_change_shares_the_rest_and_must_lead_somewhere() -> None:
    state: dict[str, Any] = {"rooms": {"R": {"free": 3}}, "guests": {"G": {"name": "Ada"}}}
    other = changed(state, {"rooms.R.free": 0})
    assert other["rooms"] == {"R": {"free": 0}}
    assert other["guests"] is state["guests"]
    assert state["rooms"]["R"]["free"] == 3
    with pytest.raises(SandboxError, match=r"nothing at rooms\.S\.free"):
        changed(state, {"rooms.S.free": 0})
