"""What the sandbox is measured with: dialogues of six calls at the shop's service desk, two of them write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sandbox import Call, Pack, Trajectory, canonical, open_pack

__all__ = ["desk_pack", "dialogue"]

_USER, _ORDER = "U101", "W2041"


def desk_pack() -> Pack:
    """The retail pack with two worlds, ``small`` (about 1.5 KB) and ``large`` (about 12 KB)."""
    pack = open_pack("retail")
    worlds = dict(_worlds(pack))
    return replace(pack, worlds=worlds, digest="bench" + pack.digest)


def dialogue(world: str) -> Trajectory:
    """One dialogue from a fresh world, as an audit has it run: an order is sent elsewhere, then cancelled."""
    email = "nora.feld@example.com"
    calls = (
        Call(name="find_user_by_email", arguments={"email": email}),
        Call(name="list_orders", arguments={"user_id": _USER}),
        Call(name="get_order", arguments={"order_id": _ORDER}),
        Call(name="change_shipping_address", arguments={"order_id": _ORDER, "address_id": "A12"}),
        Call(name="cancel_order", arguments={"order_id": _ORDER, "reason": "no longer needed"}),
        Call(name="get_wallet", arguments={"user_id": _USER}),
    )
    return Trajectory(start=world, calls=calls, keep_final=False)


def _worlds(pack: Pack) -> Iterator[tuple[str, Mapping[str, Any]]]:
    large: Any = pack.world("default")
    order = large["orders"][_ORDER]
    products = {name: large["products"][name] for name in order["lines"]}
    small = {
        **{table: {} for table in large},
        "users": {_USER: large["users"][_USER]},
        "orders": {_ORDER: order},
        "products": products,
    }
    yield "small", small
    yield "large", large
    assert len(canonical(small)) < 2_000 < 10_000 < len(canonical(large))
