"""Sound dialogues stay silent, however people speak of dates, numbers, money and places."""

from typing import Any

import pytest

from toolace_mt.checks import check_transcript
from toolace_mt.transcript import Message, RecordedCall, Transcript

TODAY = "Today is Wednesday, 4 March 2026."


def rules(
    user: str,
    arguments: dict[str, Any],
    *,
    result: Any = True,
    told: str = "Done.",
    system: str | None = None,
) -> list[str]:
    messages = (
        *([] if system is None else [Message(role="system", text=system)]),
        Message(role="user", text=user),
        Message(role="assistant", calls=(RecordedCall(name="do", arguments=arguments),)),
        Message(role="tool", value=result),
        Message(role="assistant", text=told),
    )
    return [finding.rule for finding in check_transcript(Transcript(id="x", messages=messages))]


@pytest.mark.parametrize(
    ("user", "arguments"),
    [
        ("Book next Friday.", {"date": "2026-03-13"}),
        ("in two weeks", {"date": "2026-03-18"}),
        ("until the end of the month", {"end": "2026-03-31"}),
        ("for last month", {"start": "2026-02-01", "end": "2026-02-28"}),
        ("on the fifth of May", {"date": "2026-05-05"}),
        ("三月十四日的票", {"date": "2026-03-14"}),
        ("明天的天气", {"date": "2026-03-05"}),
    ],
)
def test_a_date_is_understood_from_the_day_on_which_people_speak(
    user: str, arguments: dict[str, Any]
) -> None:
    assert rules(user, arguments, system=TODAY) == []


@pytest.mark.parametrize(
    ("user", "arguments"),
    [
        ("for the first quarter of 2026", {"start": "2026-01-01", "end": "2026-03-31"}),
        ("in 2024", {"start_date": "2024-01-01", "end_date": "2024-12-31"}),
        ("in July 2022", {"start": "2022-07-01", "end": "2022-07-31", "month": "2022-07"}),
        ("on May the 4th 2026", {"date": "May 4, 2026"}),
        ("it expires in December 2028", {"expiry": "12/2028"}),
        ("it expires 12/28", {"expiry": "12/2028"}),
        ("2026年3月14日的票", {"date": "2026-03-14"}),
        ("am 14. März 2026", {"date": "2026-03-14"}),
        ("le 14 mars 2026", {"date": "2026-03-14"}),
        ("el 14 de marzo de 2026", {"date": "2026-03-14"}),
        ("at quarter past six in the evening", {"time": "18:15"}),
        ("at half past six", {"time": "18:30"}),
        ("at ten to seven", {"time": "18:50"}),
        ("for half an hour", {"minutes": 30}),
        ("an alarm around 6 PM", {"start": "17:00:00", "end": "19:00:00"}),
        ("about 1.2 million, at most two hundred thousand each", {"all": 1200000, "each": 200000}),
        ("a tip of fifteen percent, 15%", {"tip": 15, "share": 0.15}),
        ("Send $1.5k, or 50 euros", {"amount": 1500, "currency": "USD", "other": "EUR"}),
        ("I weigh 154 lbs", {"weight": 70}),
        ("call 555 010 1234", {"phone": "+1-555-010-1234"}),
        ("我要两张票", {"n": 2}),
        ("Quiero enviar mil quinientos euros, o treinta y dos", {"n": 1500, "other": 32}),
        ("세 명이야", {"n": 3}),
        ("İzmir'e iki kişilik uçuş bul", {"n": 2}),
        ("Đặt cho mình ba vé phim", {"n": 3}),
        ("ขอสั่งผัดไทยสองจาน", {"n": 2}),
        ("на двоих, нет, на три человека", {"n": 3}),
        ("um halb neun", {"time": "08:30"}),
        ("om kwart voor negen, of half tien", {"time": "20:45", "other": "09:30"}),
        ("for a decade, compounded quarterly", {"years": 10, "times": 4}),
        ("sci-fi from the 80s, or the 2010s", {"from": 1980, "to": 1989, "other": 2010}),
        ("split it between me and three friends", {"people": 4}),
        ("two colleagues and I", {"people": 3}),
        ("make it red", {"color": "#FF0000"}),
        ("send it as JSON", {"header": "application/json"}),
    ],
)
def test_values_are_understood_as_people_say_them(user: str, arguments: dict[str, Any]) -> None:
    assert rules(user, arguments) == []


@pytest.mark.parametrize(
    ("user", "arguments"),
    [
        ("in July 2022", {"start": "2022-08-01"}),
        ("in July 2022", {"start": "2022-07-13"}),
        ("in July 2022", {"month": "2021-07"}),
        ("in 2024", {"start": "2023-01-01"}),
        ("on the fifth of May", {"date": "2026-05-06"}),
        ("at half past six", {"time": "17:45"}),
        ("an alarm around 6 PM", {"start": "21:15:00"}),
        ("am 14. März 2026", {"date": "2026-05-15"}),
        ("call 555 010 1234", {"phone": "+1-555-010-1235"}),
        ("Write to mei@shop.com", {"to": "mei@shop.org"}),
        ("Open www.shop.com", {"url": "www.shop.org"}),
        ("mil quinientos euros", {"amount": 1400}),
        ("um halb neun", {"time": "09:30"}),
        ("from the 80s", {"from": 1990}),
    ],
)
def test_other_values_than_were_said_are_found(user: str, arguments: dict[str, Any]) -> None:
    assert rules(user, arguments) == ["TA402"]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"items": [{"p": 10.25}, {"p": 20.5}]}, "Together $30.75, with a 10% tip $33.83."),
        ({"price": 80, "discount": 0.15}, "You pay $68.00 and save $12.00."),
        ({"usd": 100, "rate": 0.92}, "That is €92.00."),
        ({"net": 100, "tax": 8.25}, "In all $108.25."),
        ({"monthly": 9.99}, "It is $119.88 a year."),
        ({"price": 1234.5678}, "It is $1,234.57."),
        ({"norm": 1}, "See ISO9001, RFC2616 and MP3 on page 12."),
    ],
)
def test_what_follows_from_a_result_and_what_everybody_knows_may_be_told(result: Any, told: str) -> None:
    assert rules("Tell me of it.", {}, result=result, told=told) == []
