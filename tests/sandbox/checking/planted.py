"""Packs with planted bugs: one change of a tool's code each, and what a check must say of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import Invariant, Pack
from sandbox.testing import make_pack, make_tool

__all__ = ["STUDIO_BUGS", "TRAVEL_BUGS", "PlantedBug", "studio", "travel_with_laws", "with_bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedBug:
    """Text of tools.py and what to put in its place; the property and the calls that show it."""

    code: str
    tool: str
    old: str
    new: str
    calls: tuple[str, ...]
    invariant: str | None = None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What a finding must name."""
        return self.code, self.tool, self.invariant


def with_bug(pack: Pack, bug: PlantedBug) -> Pack:
    """Plant a bug."""
    assert pack.source.count(bug.old) >= 1, bug.old
    source = pack.source.replace(bug.old, bug.new, 1)
    return dataclasses.replace(pack, source=source, digest=f"{pack.digest}{bug.code}{bug.new}")


TRAVEL_LAWS = (
    Invariant(name="cancelled-once", kind="once", tools=("cancel_booking",)),
    Invariant(name="seat-kept", kind="idempotent", tools=("search_hotels",)),
    Invariant(
        name="booked-is-listed",
        kind="read_after_write",
        tools=("book_flight", "book_hotel"),
        read="list_bookings",
        arguments={"traveller_id": "arguments.traveller_id"},
        shows={"bookings.*.booking_id": "result.booking_id"},
    ),
)


def travel_with_laws(travel: Pack) -> Pack:
    """Give the shipped pack with more laws than it declares itself."""
    laws = (*travel.invariants, *TRAVEL_LAWS)
    return dataclasses.replace(travel, invariants=laws)


TRAVEL_BUGS: Mapping[str, PlantedBug] = {
    "crashes for flights that have landed": PlantedBug(
        code="P1",
        tool="get_flight",
        old='"status": flight["status"],',
        new='"status": flight["status" if flight["status"] != "landed" else "state"],',
        calls=("get_flight",),
    ),
    "does not expect a day that there is not": PlantedBug(
        code="P1",
        tool="book_hotel",
        old="    except ValueError:",
        new="    except KeyError:",
        calls=("book_hotel",),
    ),
    "fails with an error that is not declared": PlantedBug(
        code="P3",
        tool="change_flight",
        old='ctx.fail("same_flight"',
        new='ctx.fail("no_change"',
        calls=("change_flight",),
    ),
    "gives a text for a number when three bags are reached": PlantedBug(
        code="P3",
        tool="add_bags",
        old='"bags": booking["bags"],',
        new='"bags": booking["bags"] if booking["bags"] < MOST_BAGS else "all",',
        calls=("add_bags",),
    ),
    "a search sorts what is in the state": PlantedBug(
        code="P6",
        tool="list_open_seats",
        old='    seats = [{"seat": seat, "place": place_of(seat)} for seat in sorted(flight["open_seats"])]',
        new='    flight["open_seats"].sort(reverse=True)\n'
        '    seats = [{"seat": seat, "place": place_of(seat)} for seat in flight["open_seats"]]',
        calls=("list_open_seats",),
    ),
    "writes into a table that it does not declare": PlantedBug(
        code="P6",
        tool="choose_seat",
        old='    booking["seat"] = seat\n',
        new='    booking["seat"] = seat\n'
        '    if place_of(seat) == "window":\n'
        '        state["travellers"][booking["traveller_id"]]["tier"] = "gold"\n',
        calls=("choose_seat",),
    ),
    "changes seats before it looks at the money": PlantedBug(
        code="P7",
        tool="change_flight",
        old="    require_seats(ctx, flight, seats)\n    extra_cents",
        new='    old["seats_free"] += seats\n    old["seats_free"] -= 0\n'
        '    require_seats(ctx, flight, seats)\n    old["seats_free"] -= seats\n    extra_cents',
        calls=("change_flight",),
    ),
    "gives back one seat where several were booked": PlantedBug(
        code="P11",
        tool="change_flight",
        invariant="seats-add-up",
        old='    old["seats_free"] += seats',
        new='    old["seats_free"] += 1',
        calls=("change_flight",),
    ),
    "refunds bags that were never paid back": PlantedBug(
        code="P11",
        tool="cancel_booking",
        invariant="money-adds-up",
        old="    pay(state, booking, -refund_cents)",
        new='    pay(state, booking, -refund_cents)\n    booking["paid_cents"] -= booking["bags"]',
        calls=("cancel_booking",),
    ),
    "sells one seat too many": PlantedBug(
        code="P11",
        tool="book_flight",
        invariant="no-overbooking",
        old='    if flight["seats_free"] < seats:',
        new='    if flight["seats_free"] + 1 < seats:',
        calls=("book_flight",),
    ),
    "sells the last room twice": PlantedBug(
        code="P11",
        tool="book_hotel",
        invariant="no-overbooking",
        old='    if hotel["rooms_free"] < 1:',
        new='    if hotel["rooms_free"] < 0:',
        calls=("book_hotel",),
    ),
    "cancels what is cancelled": PlantedBug(
        code="P14",
        tool="cancel_booking",
        invariant="cancelled-once",
        old='    if booking["status"] == "cancelled":',
        new='    if booking["status"] == "gone":',
        calls=("cancel_booking", "cancel_booking"),
    ),
    "lists only the first bookings": PlantedBug(
        code="P17",
        tool="book_flight",
        invariant="booked-is-listed",
        old='{"traveller_id": traveller_id, "bookings": bookings}',
        new='{"traveller_id": traveller_id, "bookings": bookings[:3]}',
        calls=("book_flight", "list_bookings"),
    ),
}

STUDIO_SOURCE = """
def find_room(state, ctx, room_id):
    room = state["rooms"].get(room_id)
    if room is None:
        ctx.fail("unknown_room", room_id)
    return room


def set_lamp(state, ctx, room_id, level):
    room = find_room(state, ctx, room_id)
    room["level"] = level
    return {"room_id": room_id, "level": level}


def add_tags(state, ctx, room_id, tags):
    room = find_room(state, ctx, room_id)
    for tag in tags:
        if tag not in room["tags"]:
            room["tags"].append(tag)
    return {"tags": list(room["tags"])}


def label(state, ctx, room_id, texts):
    room = find_room(state, ctx, room_id)
    room["label"] = ", ".join([texts[key] for key in sorted(texts)])
    return {"label": room["label"]}


def count_steps(state, ctx, times):
    return {"total": sum([number for number in range(times)])}
"""
ROOM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "room_id": {"type": "string"},
        "level": {"type": "integer", "minimum": 0, "maximum": 100},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 1000},
        "label": {"type": "string"},
    },
    "required": ["room_id", "level", "tags", "label"],
    "additionalProperties": False,
}
ROOM_ID: dict[str, Any] = {"type": "string", "x-source": [{"world": "rooms.*.room_id"}]}
UNKNOWN_ROOM = {"unknown_room": "There is no such room."}


def _takes(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def studio() -> Pack:
    """Build a small pack whose arguments are lists and objects too, and whose laws speak of repeating."""
    tags = {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 5}
    texts = _takes(front={"type": "string", "maxLength": 9}, back={"type": "string", "maxLength": 9})
    tools = (
        make_tool(
            "set_lamp",
            parameters=_takes(room_id=ROOM_ID, level={"type": "integer", "minimum": 0, "maximum": 100}),
            touches=("rooms",),
            errors=UNKNOWN_ROOM,
        ),
        make_tool(
            "add_tags",
            parameters=_takes(room_id=ROOM_ID, tags=tags),
            touches=("rooms",),
            errors=UNKNOWN_ROOM,
        ),
        make_tool(
            "label", parameters=_takes(room_id=ROOM_ID, texts=texts), touches=("rooms",), errors=UNKNOWN_ROOM
        ),
        make_tool(
            "count_steps",
            parameters=_takes(times={"type": "integer", "minimum": 0, "maximum": 1_000}),
            effect="read",
        ),
    )
    rooms = {
        name: {"room_id": name, "level": 50, "tags": ["warm"], "label": ""} for name in ("hall", "kitchen")
    }
    schema = {
        "type": "object",
        "properties": {"rooms": {"type": "object", "additionalProperties": ROOM}},
        "additionalProperties": False,
    }
    pack = make_pack(STUDIO_SOURCE, tools, world={"rooms": rooms}, state_schema=schema)
    again = Invariant(name="again-is-the-same", kind="idempotent", tools=("set_lamp", "add_tags", "label"))
    return dataclasses.replace(pack, invariants=(again,))


STUDIO_BUGS: Mapping[str, PlantedBug] = {
    "gives a tuple": PlantedBug(
        code="P2",
        tool="set_lamp",
        old='"level": level}',
        new='"level": (level, 100) if level == 100 else level}',
        calls=("set_lamp",),
    ),
    "keeps a level that the state must not have": PlantedBug(
        code="P4",
        tool="set_lamp",
        old='    room["level"] = level',
        new='    room["level"] = level * 2',
        calls=("set_lamp",),
    ),
    "changes the list that it was given": PlantedBug(
        code="P5",
        tool="add_tags",
        old="    for tag in tags:",
        new="    tags.sort()\n    for tag in tags:",
        calls=("add_tags",),
    ),
    "gives a list of the state itself": PlantedBug(
        code="P10",
        tool="add_tags",
        old='list(room["tags"])',
        new='room["tags"]',
        calls=("add_tags",),
    ),
    "adds a second time": PlantedBug(
        code="P9",
        tool="add_tags",
        invariant="again-is-the-same",
        old='        if tag not in room["tags"]:',
        new='        if tag not in room["tags"] or len(tags) > 2:',
        calls=("add_tags", "add_tags"),
    ),
    "follows the order of keys": PlantedBug(
        code="P13",
        tool="label",
        old="for key in sorted(texts)",
        new="for key in texts",
        calls=("label",),
    ),
    "takes too many steps for large numbers": PlantedBug(
        code="P16",
        tool="count_steps",
        old="range(times)",
        new="range(times * (100 if times > 900 else 1))",
        calls=("count_steps",),
    ),
}
