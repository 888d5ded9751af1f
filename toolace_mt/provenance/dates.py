"""Dates and times as people write them, and whether a written date can be meant by what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from toolace_mt.provenance.calendar_words import days_in_words, months_in, times_in_words

__all__ = [
    "DateMention",
    "Moment",
    "bounds_a_period",
    "calendar_part",
    "dates_in",
    "names_day_of_month",
    "read_moments",
    "relative_dates",
    "speaks_of_relative_dates",
    "times_in",
]

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS).replace(
    "sep(?:tember)?", "sept?(?:ember)?"
)
_MONTH_BEGINNINGS = tuple(name[:3] for name in _MONTHS)
_DIGIT = re.compile(r"\d")
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_MONTH = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})(?:\.?\s+|\.)(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(\d{{4}}))?",
    re.IGNORECASE,
)
_TO = r"(?:st|nd|rd|th)?\s?(?:[-\u2013]|to|and|through|until|till)\s?"
_MONTH_DAYS = re.compile(
    rf"\b({_MONTH})\.?\s+(\d{{1,2}}){_TO}(\d{{1,2}})(?!\d|:|\s?[ap]\.?m)(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?",
    re.IGNORECASE,
)
_DAYS_MONTH = re.compile(
    rf"(?<![\d:])(\d{{1,2}}){_TO}\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}}))?",
    re.IGNORECASE,
)
_NUMERIC_RANGE = re.compile(
    r"(?<![\d/.-])(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\s?[-\u2013]\s?(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/-])"
)
_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/-])")
_COMPACT = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})(?!\d)")
_TIME = re.compile(
    r"(?<![\d:])(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(a\.?m\.?|p\.?m\.?)?(?![\d:])",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?\Z"
    r"|(\d{1,2}:\d{2})(?::\d{2})?\Z"
)
_NUMERIC_MOMENT = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T ](\d{1,2}:\d{2})(?::\d{2})?)?\Z")
_MONTH_AND_DAY = re.compile(r"(\d{2})[-/](\d{2})\Z")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_QUARTER = re.compile(r"\bquarter\b|\bQ[1-4]\b", re.IGNORECASE)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RELATIVE = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|now|weekend"
    r"|(?:next|this|last|coming|following)\s+(?:week|month|year|day|"
    + "|".join(f"{name}|{name[:3]}" for name in _WEEKDAYS)
    + r")|"
    + "|".join(_WEEKDAYS)
    + r"|(?:in|for|after|within|past|last|next)\s+(?:the\s+)?\w+\s+(?:days?|weeks?|months?|nights?|years?)"
    r"|(?:days?|weeks?|months?)\s+(?:ago|later|from|before|after)"
    r"|(?:end|start|beginning|middle) of (?:the|this|next|last) (?:week|month|year|quarter)"
    r"|heute|morgen|übermorgen|gestern|hoy|mañana|ayer|aujourd.hui|demain|hier|oggi|domani|hoje|amanhã"
    r"|christmas|new year|easter|halloween|valentine)\b",
    re.IGNORECASE,
)
_CENTURY_ENDS = 60
_ORDINAL_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_NAMED_TIMES = {
    "noon": "12:00",
    "midday": "12:00",
    "midnight": "00:00",
    "morning": "09:00",
    "evening": "18:00",
}


@dataclass(frozen=True, slots=True)
class DateMention:
    """A day that was spoken of; without a year, the year is left to the hearer."""

    month: int
    day: int
    year: int | None = None

    def means(self, day: date) -> bool:
        return (self.month, self.day) == (day.month, day.day) and self.year in (None, day.year)


@dataclass(frozen=True, slots=True)
class Moment:
    """A value that is a date, a time of day (``18:30``), or both."""

    day: date | None
    time: str | None


@lru_cache(maxsize=4096)
def read_moments(text: str) -> tuple[Moment, ...]:
    """Read a value that is wholly a date or a time; 3/4/2026 may mean two days."""
    match = _MOMENT.match(text)
    if match is None:
        return tuple(_numeric_moments(text))
    if match[3] is not None:
        return (Moment(None, match[3].zfill(5)),)
    day = _date(*map(int, match[1].split("-")))
    return () if day is None else (Moment(day, match[2]),)


def _numeric_moments(text: str) -> Iterator[Moment]:
    match = _NUMERIC_MOMENT.match(text)
    if match is None:
        yield from _worded_moment(text)
        return
    time = None if match[5] is None else match[5].zfill(5)
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    orders = ((first, second, third),) if first > 31 else ((third, first, second), (third, second, first))
    for year, month, day in dict.fromkeys(orders):
        found = _date(year, month, day) if year > 31 else None
        if found is not None:
            yield Moment(found, time)


def _worded_moment(text: str) -> Iterator[Moment]:
    """Read "May 4, 2026": a value that is wholly a date in words."""
    month_first, day_first = _MONTH_DAY.fullmatch(text), _DAY_MONTH.fullmatch(text)
    if month_first is not None and month_first[3] is not None:
        found = _date(int(month_first[3]), _month(month_first[1]), int(month_first[2]))
    elif day_first is not None and day_first[3] is not None:
        found = _date(int(day_first[3]), _month(day_first[2]), int(day_first[1]))
    else:
        return
    if found is not None:
        yield Moment(found, None)


@lru_cache(maxsize=2048)
def dates_in(text: str) -> frozenset[DateMention]:
    """Give every calendar date in the text; an ambiguous one (3/4) counts both ways."""
    return frozenset(mention for mention in _mentions(text) if _possible(mention))


def _mentions(text: str) -> Iterator[DateMention]:
    if _DIGIT.search(text):
        yield from _mentions_in_digits(text)
    for spoken_year, month, day in days_in_words(text):
        yield DateMention(month, day, spoken_year)


def _mentions_in_digits(text: str) -> Iterator[DateMention]:
    for found in (*_ISO.finditer(text), *_COMPACT.finditer(text)):
        yield DateMention(int(found[2]), int(found[3]), int(found[1]))
    lowered = text.casefold()
    if any(month in lowered for month in _MONTH_BEGINNINGS):
        after, before = list(_DAY_MONTH.finditer(text)), list(_MONTH_DAY.finditer(text))
        for found in after:
            yield DateMention(_month(found[2]), int(found[1]), _year(found[3]))
        for found in before:
            yield DateMention(_month(found[1]), int(found[2]), _year(found[3]))
        for found in _MONTH_DAYS.finditer(text) if before else ():
            for day in (found[2], found[3]):
                yield DateMention(_month(found[1]), int(day), _year(found[4]))
        for found in _DAYS_MONTH.finditer(text) if after else ():
            yield DateMention(_month(found[2]), int(found[1]), _year(found[3]))
    for found in _NUMERIC.finditer(text):
        yield from _either_way(found[1], found[2], _year(found[3]))
    for found in _NUMERIC_RANGE.finditer(text) if "/" in text else ():
        year = _year(found[6])
        yield from _either_way(found[1], found[2], _year(found[3]) or year)
        yield from _either_way(found[4], found[5], year)


def _either_way(first: str, second: str, year: int | None) -> Iterator[DateMention]:
    """Some write the month first, some the day."""
    yield DateMention(int(first), int(second), year)
    yield DateMention(int(second), int(first), year)


@lru_cache(maxsize=2048)
def times_in(text: str) -> frozenset[str]:
    """Give every time of day in the text as HH:MM; an hour without am or pm counts both ways."""
    found: set[str] = {time for name, time in _NAMED_TIMES.items() if name in text.casefold()}
    found.update(times_in_words(text))
    for match in _TIME.finditer(text):
        hour, minute = int(match[1]), int(match[2] or 0)
        half = (match[3] or "").lower()[:1]
        if hour > 24 or minute > 59:
            continue
        if half:
            found.add(f"{hour % 12 + (12 if half == 'p' else 0):02}:{minute:02}")
            continue
        found.add(f"{hour % 24:02}:{minute:02}")
        if 1 <= hour <= 12:
            found.add(f"{hour % 12 + 12:02}:{minute:02}")
    return frozenset(found)


def calendar_part(text: str) -> tuple[int | None, int | None]:
    """Give month and day of a value that is a month's name or ``MM-DD``; None for what it does not tell."""
    lowered = text.strip().lower()
    if lowered in _MONTHS:
        return _month(lowered), None
    found = _MONTH_AND_DAY.match(lowered)
    return (int(found[1]), int(found[2])) if found is not None else (None, None)


def bounds_a_period(day: date, text: str) -> bool:
    """Tell whether the day begins or ends a month, a quarter or a year of which the text speaks."""
    ends = (day + timedelta(days=1)).day == 1 if day < date.max else True
    if not ends and day.day != 1:
        return False
    years = {int(found) for found in _YEAR.findall(text)}
    if years and day.year not in years:
        return False
    if day.month in months_in(text):
        return True
    if day.month % 3 == (0 if ends else 1) and _QUARTER.search(text):
        return True
    return bool(years) and (day.month, day.day) in ((1, 1), (12, 31))


def speaks_of_relative_dates(text: str) -> bool:
    """Tell whether the text names a day by its distance or weekday ("next Friday", "in two weeks")."""
    return _RELATIVE.search(text) is not None


def names_day_of_month(text: str, day: int) -> bool:
    """Tell whether the text names the day of some month: "the 15th"."""
    return any(int(found) == day for found in _ORDINAL_DAY.findall(text))


def relative_dates(text: str, today: date) -> frozenset[date]:
    """Give the days that today, tomorrow and yesterday mean; weekdays stay open: people differ on them."""
    lowered = text.casefold()
    words = {"today": 0, "tonight": 0, "now": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1}
    return frozenset(today + timedelta(days=shift) for word, shift in words.items() if word in lowered)


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower()[:3]))


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) == 4:
        return int(text)
    return int(text) + (2000 if int(text) < _CENTURY_ENDS else 1900)


def _possible(mention: DateMention) -> bool:
    return _date(mention.year or 2024, mention.month, mention.day) is not None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
