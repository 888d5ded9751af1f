"""Values that people say in other words: other units, other forms of dates, parts, towns, other scripts."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolace_mt.provenance import Source, SourceKind, trace
from toolace_mt.transcript import DeclaredTool, JsonValue, Message, RecordedCall, Transcript


def source_of(
    value: JsonValue, user: str, *, name: str = "value", schema: Any = None, names_variables: bool = False
) -> Source | None:
    tool = DeclaredTool(name="t", parameters={"type": "object", "properties": {name: schema or {}}})
    messages = (
        Message(role="user", text=user),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={name: value}),)),
    )
    found = trace(Transcript(id="x", messages=messages, tools=(tool,), names_variables=names_variables))
    return next(iter(found.values()))


@pytest.mark.parametrize(
    ("value", "user", "name"),
    [
        ("03/14/2026", "on 14 March 2026", "date"),
        ("14-03-2026", "on March 14th", "date"),
        ("14/03/2026 15:00", "on 14 March 2026 at 3 pm", "departure"),
        (10800, "over the last 3 hours", "timespan"),
        (3600, "over the past hour", "timespan"),
        (-40, "it is minus 40 outside", "degrees"),
        (20, "我要20个苹果", "count"),
        (200000, "价格是20万", "price"),
        (50000, "총 5만원이야", "amount"),
        (2, "Забронируй столик на двоих", "guests"),
        (3, "احجز غرفة لمدة ثلاث ليال", "nights"),
        (5, "ขอห้องพัก5ห้อง", "rooms"),
        (1250.5, "it costs 1.250,50 euros", "price"),
        (90, "a timer for an hour and a half", "minutes"),
        (150, "a timer for two and a half hours", "minutes"),
        ("5 minutes", "a timer for 5 mins", "duration"),
        ("1990-07-04", "7/4/90 is my birthday", "birthday"),
        (33, "the scores are [22,33,42]", "score"),
        (42.5, "the scores 22,-33,42.5 of today", "score"),
        (300, "cash_flows=[200,300,400]", "flow"),
        (1e-9, "a charge of 1e-9 coulombs", "charge"),
        (2, "the hosts of February 2022", "month"),
        (15, "the hosts of February 15th 2022", "day"),
        ("2026-09-15", "any meetings from 9/15-9/21?", "start"),
        ("2026-09-21", "any meetings from 9/15-9/21?", "end"),
        ("2026-09-21", "the days 9/15/2026 - 9/21/2026", "end"),
        ("2026-11-18", "a trip from November 15-18, 2026", "end"),
        ("2026-11-15", "a trip on 15-18 November 2026", "start"),
        ("2026-11-05 15:00", "from November 4th, 2026 at 10 am until 29 hours later", "end"),
        ("2026-11-06", "from November 4th, 2026 at 10 am until 48 hours later", "end"),
        ("18:00", "at 1 pm, and 29 hours later", "end"),
        ("14:20", "It is 13:20. Remind me in an hour.", "time"),
        ("09:30", "tomorrow for half an hour starting at 9:00", "end"),
    ],
)
def test_what_was_said_in_another_form_is_a_source(value: JsonValue, user: str, name: str) -> None:
    source = source_of(value, user, name=name)
    assert source is not None
    assert source.certain


@pytest.mark.parametrize(
    ("value", "user", "name", "how"),
    [
        ("P12345678", "The number is P followed by 12345678.", "passport_number", "joined parts"),
        ("US9148817941", "It starts with 'US', numbered 9148817941.", "passport_number", "joined parts"),
        ("Boston, MA", "the weather in Boston", "location", "completed place"),
        ("Berlin, Germany", "the weather in Berlin", "location", "completed place"),
        ("Berlin, Germany", "a car in Berlin", "query", "completed place"),
        ("Los Angeles, CA", "a hotel in LA", "city", "initials"),
        ("Beijing", "北京的天气", "city", "another language"),
        (72.6, "I weigh 160 pounds", "weight_kg", "units"),
        (20, "it is 68 degrees here", "celsius", "units"),
        ("Florida", "a beach near Miami", "state", "knowledge of the world"),
        ("W-1002", "all orders #W-1001 through #W-1003", "order_id", "one of a range"),
        (1002, "the orders 1001-1003", "order_id", "one of a range"),
        ("12345", "it is one two three four five", "user_id", "spelled out"),
        ("ABC123", "the letters A, B, C and then 1, 2, 3", "code", "spelled out"),
        ("12B", "I am in room twelve B", "room_id", "spelled out"),
        ("ORD-1002", "cancel order 1002", "order_id", "prefix of its kind"),
        ("TKT-88", "my ticket is 88", "ticket_id", "prefix of its kind"),
        ("Q3-2023", "sales in the third quarter of 2023", "quarter", "quarter of a year"),
        ("2026-03-15", "book it on the 15th", "date", "day of a month"),
        ("+15551234567", "my number is (555) 123-4567", "phone", "country code"),
        ("TSLA", "how are Tesla and Nvidia doing", "symbols", "knowledge of the world"),
        ("Running late", "write to Bob that I come at eight", "subject", "own words"),
        (2, "a table for my wife and me", "guests", "company"),
        (3, "for me and my two kids", "passengers", "company"),
        ("Q3-2023", "sales in Q3 of 2023", "report_id", "joined parts"),
        ("Asia/Tokyo", "what time is it in Tokyo", "timezone_id", "knowledge of the world"),
    ],
)
def test_what_a_hearer_completes_is_unsure(value: JsonValue, user: str, name: str, how: str) -> None:
    source = source_of(value, user, name=name)
    assert source is not None
    assert (source.how, source.certain) == (how, False)


@pytest.mark.parametrize(
    ("value", "user", "name"),
    [
        ("P12345679", "The number is P followed by 12345678.", "passport_number"),
        ("Q12345678", "The number is P followed by 12345678.", "passport_number"),
        ("US914", "It starts with 'US', numbered 914.", "passport_number"),
        ("Boston, MA", "the weather in Austin", "location"),
        ("Boston, MA", "the weather in Boston", "title"),
        ("04/14/2026", "on 14 March 2026", "date"),
        (80.1, "I weigh 160 pounds", "weight_kg"),
        (72.6, "I have 160 sheep", "weight_kg"),
        (3, "the hosts of February 2022", "month"),
        (250, "it costs 1,250 and not 7", "price"),
        (8, "the scores are [22,33,42]", "score"),
        ("2026-03-15", "book it on the 14th", "date"),
        (2, "a table for my wife and me", "year"),
        (2, "a table by the window", "guests"),
        ("Running late", "write to Bob that I come at eight", "title"),
        ("Beijing", "the weather, please", "city"),
        ("W-1004", "all orders #W-1001 through #W-1003", "order_id"),
        ("X-1002", "all orders #W-1001 through #W-1003", "order_id"),
        (1002, "the orders 1001 and 1003", "order_id"),
        ("12354", "it is one two three four five", "user_id"),
        ("XYZ-1002", "cancel order 1002", "order_id"),
        ("ORD-1003", "cancel order 1002", "order_id"),
        ("Q4-2023", "sales in the third quarter of 2023", "quarter"),
        ("Q3-2024", "sales in the third quarter of 2023", "quarter"),
        ("2026-09-18", "any meetings from 9/15-9/21?", "start"),
        ("2026-11-06", "on November 5th, 2026 for 2 hours", "end"),
        ("15:20", "It is 13:20. Remind me in an hour.", "time"),
        ("Boston, Massachusetts", "the weather in Austin", "query"),
        ("Mars/Tokyo1", "what time is it in Tokyo", "timezone_id"),
    ],
)
def test_what_was_not_said_in_any_form_has_no_source(value: JsonValue, user: str, name: str) -> None:
    assert source_of(value, user, name=name) is None


@pytest.mark.parametrize(
    ("value", "schema", "certain"),
    [
        (2, {"description": "'1' stands for cleaning, '2' for ironing."}, True),
        ("NEAR_FIRST", {"description": "How to sort, for example 'NEAR_FIRST'."}, False),
        ("by price", {"description": "How to sort: by price or by age."}, True),
        ("AB-12", {"examples": ["AB-12"]}, False),
    ],
)
def test_a_value_that_the_tool_names_comes_from_the_tool(
    value: JsonValue, schema: Any, certain: bool
) -> None:
    source = source_of(value, "Iron my shirts.", name="service_id" if value == 2 else "sort", schema=schema)
    assert source is not None
    assert (source.kind, source.certain) == (SourceKind.TOOL, certain)


def test_the_words_on_an_array_count_for_its_elements() -> None:
    schema = {"type": "array", "items": {"type": "integer"}, "description": "'2' stands for ironing."}
    source = source_of([2], "Iron my shirts.", name="service_ids", schema=schema)
    assert source is not None
    assert source.kind is SourceKind.TOOL


@pytest.mark.parametrize("value", ["Lock.WRITE_ONLY", "shelfList", "Shelf.of(3)", "MAX"])
def test_a_variable_of_the_program_needs_no_source_where_there_is_a_program(value: str) -> None:
    assert source_of(value, "Sort it.") is None
    assert source_of(value, "Sort it.", names_variables=True) is not None


@given(
    prefix=st.from_regex(r"[A-Z]{1,3}", fullmatch=True),
    number=st.from_regex(r"[1-9][0-9]{4,8}", fullmatch=True),
    other=st.from_regex(r"[1-9][0-9]{4,8}", fullmatch=True),
)
def test_a_joined_code_is_grounded_only_by_both_of_its_parts(prefix: str, number: str, other: str) -> None:
    assume(number != other)
    said = f"It is {prefix} followed by {number}."
    assert source_of(f"{prefix}{number}", said, name="code_id") is not None
    assert source_of(f"{prefix}{other}", said, name="code_id") is None
