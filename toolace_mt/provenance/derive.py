"""Values that follow from what was said: other units, sums, shifted dates, joined parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from toolace_mt.provenance.calendar_words import months_in, weekday_of, weekdays_in
from toolace_mt.provenance.dates import (
    Moment,
    bounds_a_period,
    calendar_part,
    dates_in,
    names_day_of_month,
    relative_dates,
    speaks_of_relative_dates,
    times_in,
)
from toolace_mt.provenance.evidence import Evidence
from toolace_mt.provenance.numbers import numbers_in
from toolace_mt.provenance.source import Source, SourceKind
from toolace_mt.provenance.spoken import NUMBERS_PER_TEXT, Said
from toolace_mt.provenance.units import derive_unit
from toolace_mt.provenance.words import content_words, normalised

__all__ = [
    "derive_abbreviation",
    "derive_calendar",
    "derive_calendar_number",
    "derive_joined",
    "derive_moment",
    "derive_number",
    "derive_prefixed",
    "derive_symbol",
    "derive_weekday",
    "derive_words",
]

_ADDRESS = re.compile(r"@|://|^www\.")
_EXTENSION = re.compile(r"(?<=\w)\.[a-z]{2,4}\Z")
_SEPARATORS = re.compile(r"[\s/\\_@:,;|=&?+()\[\]\"'-]+")
_SCALES = (
    (100.0, "cents"),
    (0.01, "cents"),
    (60.0, "minutes"),
    (1 / 60, "hours"),
    (1000.0, "thousands"),
    (0.001, "thousandths"),
    *((seconds, "seconds") for seconds in (3600.0, 86_400.0, 604_800.0)),
)
_PREFIXED = re.compile(r"([A-Za-z]{1,5})[-_ ]?(\d{4,})\Z")
_PHONES = [re.compile(rf"\+\d{{{digits}}}[ .-]?([\d ().-]{{7,}})\Z") for digits in (1, 2, 3)]
_MONTH_OF_YEAR = re.compile(r"(?:(\d{1,2})[/-](\d{4})|(\d{4})-(\d{2}))\Z")
_AROUND = re.compile(r"\b(?:around|about|approximately|roughly|ish)\b|~", re.IGNORECASE)
_NEAR_MINUTES = 120
_DAY_MINUTES = 24 * 60
_MONTHS_OFF = 62
_AN_HOUR = re.compile(r"\b(half[ -](?:an[ -])?|quarter of an |)hour\b", re.IGNORECASE)
_AN_HOUR_MINUTES = {"": 60, "q": 15, "h": 30}
_HOURS = re.compile(r"\b(\d{2,3})[ -]?(?:hours?|hrs?|h)\b", re.IGNORECASE)
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹"}
_ABBREVIATION_LETTERS = 3
_BOUNDS_OF_DAY = ("00:00", "23:59")
_LONG_TEXT_WORDS = 6
_SHORT_SHARE, _LONG_SHARE, _LONG_SURE_SHARE = 0.6, 0.5, 0.75


def derive_number(number: float, evidence: Evidence) -> Source | None:
    """Find the number in other units, as a sum or difference of two earlier ones, or as a small multiple."""
    for factor, how in _SCALES:
        scaled = number / factor
        for candidate in {round(scaled, 9), round(scaled)} if abs(scaled) < 1e15 else set[float]():
            if candidate == 0 or abs(candidate * factor - number) > 1e-6 * abs(number):
                continue
            source = evidence.find_number(float(candidate))
            if source is not None:
                return Source(kind=SourceKind.DERIVED, how=how, turn=source.turn, path=source.path)
    return derive_unit(number, evidence) or _combined(number, evidence.numbers(NUMBERS_PER_TEXT))


def _combined(number: float, known: dict[float, int]) -> Source | None:
    for first, turn in known.items():
        if round(number - first, 9) in known and first != 0:
            return Source(kind=SourceKind.DERIVED, how="sum", turn=turn)
        if round(number + first, 9) in known and first != 0:
            return Source(kind=SourceKind.DERIVED, how="difference", turn=turn)
    for factor, turn in known.items():
        if 2 <= factor <= 30 and factor.is_integer() and round(number / factor, 9) in known:
            return Source(kind=SourceKind.DERIVED, how="product", turn=turn, certain=False)
    return None


def derive_moment(moment: Moment, told: list[Said], users: list[Said]) -> Source | None:
    """Find a date or time told in another form, relative to today, or shifted by a number of days."""
    time = _time_source(moment, told)
    if moment.day is None or time is None:
        return time
    day = _day_source(moment.day, told, users)
    if day is None or moment.time is None:
        return day
    return day if time.certain else time


def _time_source(moment: Moment, told: list[Said]) -> Source | None:
    if moment.time is None or (moment.time in _BOUNDS_OF_DAY and moment.day is not None):
        return Source(kind=SourceKind.CONSTANT, how="time of day")
    said = next((said for said in told if moment.time in times_in(said.text)), None)
    if said is not None:
        return Source(kind=SourceKind.DERIVED, how="time", turn=said.turn)
    shifts = {(_minutes(moment.time) + step) % _DAY_MINUTES for step in _minute_shifts(told)}
    shifted = next((said for said in told for time in times_in(said.text) if _minutes(time) in shifts), None)
    if shifted is not None:
        return Source(kind=SourceKind.DERIVED, how="time shift", turn=shifted.turn)
    around = (said for said in told if said.kind is SourceKind.USER and _AROUND.search(said.text))
    near = next((said for said in around if _is_near(moment.time, said)), None)
    return None if near is None else near.source("around that time", certain=False)


def _is_near(time: str, said: Said) -> bool:
    return any(abs(_minutes(time) - _minutes(other)) <= _NEAR_MINUTES for other in times_in(said.text))


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:5])


def _minute_shifts(told: list[Said]) -> frozenset[int]:
    """How much earlier or later somebody asked for: ten minutes before, two hours after."""
    counts = {
        int(number)
        for said in told
        if said.kind is SourceKind.USER
        for number in numbers_in(said.text)
        if number.is_integer() and 0 < number <= 600
    }
    steps = {step for count in counts for step in (count, 60 * count)}
    for said in told:
        if said.kind is SourceKind.USER:
            steps.update(_AN_HOUR_MINUTES[part[:1].lower()] for part in _AN_HOUR.findall(said.text))
    return frozenset(step * sign for step in steps for sign in (1, -1))


def derive_calendar(value: str, evidence: Evidence) -> Source | None:
    """Find a date of which the value is a part: the name of its month, month and day, or month and year."""
    found = _MONTH_OF_YEAR.match(value)
    if found is not None:
        numbers = (found[1], found[2]) if found[1] else (found[4], found[3])
        return _month_of_year(int(numbers[0]), int(numbers[1]), evidence.outside)
    month, day = calendar_part(value)
    if month is None:
        return None
    for said in evidence.outside:
        if any(mention.month == month and day in (None, mention.day) for mention in dates_in(said.text)):
            return Source(kind=SourceKind.DERIVED, how="part of a date", turn=said.turn)
    return None


def _month_of_year(month: int, year: int, told: list[Said]) -> Source | None:
    for said in told:
        spoken = months_in(said.text) | {mention.month for mention in dates_in(said.text)}
        if month in spoken and not numbers_in(said.text).isdisjoint((float(year), float(year % 100))):
            return Source(kind=SourceKind.DERIVED, how="part of a date", turn=said.turn)
    return None


def derive_calendar_number(number: float, name: str, users: list[Said]) -> Source | None:
    """Find a date of which the number is the month, the day or the year, as the parameter's name says."""
    part = next((part for part in ("month", "day", "year") if part in name.lower()), None)
    if part is None:
        return None
    for said in users:
        months = months_in(said.text)
        days = dates_in(said.text)
        if any(getattr(mention, part) == number for mention in days) or (
            part == "month" and number in months
        ):
            return Source(kind=SourceKind.DERIVED, how="part of a date", turn=said.turn)
    return None


def _day_source(day: date, told: list[Said], users: list[Said]) -> Source | None:
    today = _today(told)
    for said in told:
        for mention in dates_in(said.text):
            if mention.means(day) and (
                mention.year is not None or today is None or abs(today.year - day.year) <= 1
            ):
                return Source(kind=SourceKind.DERIVED, how="date", turn=said.turn)
    for said in told:
        if bounds_a_period(day, said.text):
            return Source(kind=SourceKind.DERIVED, how="bound of a period", turn=said.turn)
    for said in users:
        if today is not None and day in relative_dates(said.text, today):
            return Source(kind=SourceKind.DERIVED, how="relative date", turn=said.turn)
    shifted = next((said for base, said in _bases(told, users, today) if day in _shifts(base, users)), None)
    if shifted is not None:
        return Source(kind=SourceKind.DERIVED, how="date shift", turn=shifted.turn)
    for said in users:
        if names_day_of_month(said.text, day.day) and (
            today is None or abs((day - today).days) <= _MONTHS_OFF
        ):
            return said.source("day of a month", certain=False)
    for said in users:
        if speaks_of_relative_dates(said.text) and (today is None or abs((day - today).days) <= 400):
            return Source(
                kind=SourceKind.DERIVED, how="relative date, not resolved", turn=said.turn, certain=False
            )
    return None


def _today(told: list[Said]) -> date | None:
    """The day on which the dialogue takes place, if the system prompt gives a full date."""
    for said in told:
        if said.kind is SourceKind.SYSTEM:
            full = sorted(
                (mention.year, mention.month, mention.day) for mention in dates_in(said.text) if mention.year
            )
            if full:
                return date(*full[0])
    return None


def _bases(told: list[Said], users: list[Said], today: date | None) -> Iterator[tuple[date, Said]]:
    for said in told:
        for mention in dates_in(said.text):
            year = mention.year or (None if today is None else today.year)
            if year is not None and not (mention.month == 2 and mention.day == 29):
                yield date(year, mention.month, mention.day), said
    if today is not None:
        for said in users:
            for day in (today, *relative_dates(said.text, today)):
                yield day, said


def _shifts(base: date, users: list[Said]) -> frozenset[date]:
    counts = {
        int(number)
        for said in users
        for number in numbers_in(said.text)
        if number.is_integer() and 0 < number <= 366
    }
    hours = {int(found) for said in users for found in _HOURS.findall(said.text)}
    steps = {step for count in counts for step in (count, 7 * count)}
    steps.update(step for count in hours if count >= 24 for step in (count // 24, count // 24 + 1))
    days = {step * sign for step in steps for sign in (1, -1)}
    low, high = date.min.toordinal(), date.max.toordinal()
    return frozenset(base + timedelta(days=shift) for shift in days if low < base.toordinal() + shift < high)


def derive_prefixed(value: str, evidence: Evidence) -> Source | None:
    """Find a code that a user gave in two parts: "P followed by 12345678"; or a phone number to which
    the code of a country was added."""
    if value.startswith("+"):
        return _without_country(value, evidence)
    found = _PREFIXED.match(value)
    if found is None:
        return None
    source = evidence.find_user_parts([part.casefold() for part in found.groups()])
    if source is None:
        return None
    return Source(kind=SourceKind.DERIVED, how="joined parts", turn=source.turn, certain=False)


def _without_country(value: str, evidence: Evidence) -> Source | None:
    for phone in filter(None, (pattern.match(value) for pattern in _PHONES)):
        source = evidence.find_user_words(phone[1]) or evidence.find_words(phone[1])
        if source is not None:
            return Source(kind=SourceKind.DERIVED, how="country code", turn=source.turn, certain=False)
    return None


def derive_joined(value: str, evidence: Evidence, *, certain: bool) -> Source | None:
    """Find each part of the value (of a path, a full name, an address) somewhere."""
    parts = [part for part in _SEPARATORS.split(value) if part]
    if len(parts) < 2 or len(parts) > 12:
        return None
    sources = [_find_part(part, evidence) for part in parts]
    found = [source for source in sources if source is not None]
    if len(found) < len(parts):
        return None
    return Source(
        kind=SourceKind.DERIVED, how="joined parts", turn=max(s.turn or 0 for s in found), certain=certain
    )


def _find_part(part: str, evidence: Evidence) -> Source | None:
    return evidence.find_user_words(part) or evidence.find_result(part) or evidence.find_words(part)


def derive_symbol(value: str, evidence: Evidence) -> Source | None:
    """Find a currency's code by its sign."""
    sign = _SYMBOLS.get(value.casefold())
    if sign is None:
        return None
    said = next((said for said in evidence.outside if sign in said.text), None)
    return None if said is None else Source(kind=SourceKind.DERIVED, how="currency sign", turn=said.turn)


def derive_weekday(value: str, evidence: Evidence) -> Source | None:
    """Find a weekday among those that were meant together: on weekdays, from Monday to Friday."""
    day = weekday_of(value)
    if day is None:
        return None
    said = next((said for said in evidence.outside if day in weekdays_in(said.text)), None)
    return None if said is None else said.source("days of the week")


def derive_abbreviation(value: str, evidence: Evidence) -> Source | None:
    """Find a word that the value may be short for: EUR for euros, fr for French."""
    short = value.casefold()
    if not (short.isalpha() and len(short) <= _ABBREVIATION_LETTERS):
        return None
    needle = f" {short}"
    said = next((said for said in evidence.users if needle in normalised(said.text)), None)
    return None if said is None else said.source("abbreviation", certain=False)


def derive_words(value: str, evidence: Evidence) -> Source | None:
    """Find the words of a free text: all of them, in any form, if it is short; half of them if it is long."""
    is_address = _ADDRESS.search(value) is not None and not any(letter.isspace() for letter in value)
    extension = None if is_address else _EXTENSION.search(value)
    wanted = content_words(value if extension is None else value[: extension.start()])
    if not wanted:
        return Source(kind=SourceKind.CONSTANT, how="no words of meaning")
    found = evidence.find_stems(wanted)
    first = min((said for said in found.values() if said is not None), key=_preference, default=None)
    share = sum(found[word] is not None for word in wanted) / len(wanted)
    is_long = len(normalised(value).split()) > _LONG_TEXT_WORDS
    # of a date or an address, most parts are not enough
    is_worded = not is_address and any(letter.isalpha() for letter in value)
    needed, sure = (_LONG_SHARE, _LONG_SURE_SHARE) if is_long else (_SHORT_SHARE, 1.0)
    if first is None or share < (needed if is_worded else 1.0) or (len(wanted) < 3 and share < 1.0):
        return None
    how = "words in another form" if share == 1.0 else "most words"
    return Source(
        kind=SourceKind.DERIVED, how=how, turn=first.turn, certain=share >= sure and extension is None
    )


def _preference(said: Said) -> tuple[bool, bool, int]:
    """The assistant's words count last, after the system prompt; of the others the earliest come first."""
    return said.kind is SourceKind.ASSISTANT, said.kind is SourceKind.SYSTEM, said.turn
