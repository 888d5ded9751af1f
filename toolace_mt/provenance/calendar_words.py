"""Days, months and times of day written out in words, in the languages that data sets are written in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from toolace_mt.provenance.number_words import east_asian_number, foreign_numbers
from toolace_mt.provenance.words import normalised

__all__ = ["days_in_words", "months_in", "times_in_words", "weekday_of", "weekdays_in"]

_ENGLISH = "january february march april may june july august september october november december"
_OTHERS = (
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_MONTHS = {
    name: number for names in (_ENGLISH, *_OTHERS) for number, name in enumerate(names.split(), start=1)
}
_FOREIGN_DAY = re.compile(
    rf" (\d{{1,2}})(?: de| di)? ({'|'.join(name for name in _MONTHS if name not in _ENGLISH.split())})"
    r"(?: de| del| di)?(?: (\d{4}))? "
)
_AMBIGUOUS = frozenset(("may", "mai", "mars", "marco", "mei", "set"))
_MAY = re.compile(r"(?<=[a-z,] )May\b|\bMay,? \d{4}")
_ORDINAL_TEXT = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
_ORDINALS = _ORDINAL_TEXT.split()
_ORDINAL = {
    **{word: number for number, word in enumerate(_ORDINALS, start=1)},
    **{f"twenty {word}": 20 + number for number, word in enumerate(_ORDINALS[:9], start=1)},
    "thirtieth": 30,
    "thirty first": 31,
}
_ANY_ORDINAL = "|".join(sorted(_ORDINAL, key=len, reverse=True))
_ANY_MONTH = "|".join(_ENGLISH.split())
_ORDINAL_DAY = re.compile(
    rf" (?:({_ANY_ORDINAL})(?: of)? ({_ANY_MONTH})|({_ANY_MONTH})(?: the)? ({_ANY_ORDINAL}))(?: (\d{{4}}))? "
)
_EAST_ASIAN = re.compile(
    r"(?:(\d{4})\s*[年년]\s*)?(\d{1,2}|[一二三四五六七八九十]{1,2})\s*[月월]\s*(\d{1,2}|[一二三四五六七八九十]{1,3})\s*[日号號일]"
)
_MINUTES = {"five": 5, "ten": 10, "quarter": 15, "a quarter": 15, "twenty": 20, "twenty five": 25, "half": 30}
_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_CLOCK = re.compile(
    rf" ({'|'.join(sorted(_MINUTES, key=len, reverse=True))}|\d{{1,2}}) (?:minutes )?(past|after|to|before)"
    rf" ({'|'.join(_HOURS)}|\d{{1,2}}) "
)
_FOREIGN_MINUTES = {
    "halb": -30, "half": -30, "viertel vor": -15, "kwart voor": -15, "viertel nach": 15, "kwart over": 15,
}  # fmt: skip
_FOREIGN_CLOCK = re.compile(rf" ({'|'.join(_FOREIGN_MINUTES)}) (\w+) ")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ANY_WEEKDAY = "|".join(f"{name[:3]}|{name}s?" for name in _WEEKDAYS)
_DAYS = re.compile(
    r" (?:(week ?days?|work ?days|work(?:ing)? week)|(weekends?)|(every ?day|each day|daily|all week)"
    rf"|({_ANY_WEEKDAY}) (?:to|through|thru|till|until) ({_ANY_WEEKDAY})) "
)


def weekday_of(word: str) -> int | None:
    """Give the number of a weekday, from Monday as 0, by its name or the first three letters of it."""
    lowered = word.casefold()
    return next((day for day, name in enumerate(_WEEKDAYS) if lowered in (name, name[:3], f"{name}s")), None)


def weekdays_in(text: str) -> frozenset[int]:
    """Give the weekdays, from Monday as 0, that are meant by "weekdays", "daily" or "Tuesday to Friday"."""
    days: set[int] = set()
    for found in _DAYS.finditer(normalised(text)):
        if found[1]:
            days.update(range(5))
        elif found[2]:
            days.update((5, 6))
        elif found[3]:
            days.update(range(7))
        else:
            first, last = (_WEEKDAYS.index(_full_name(name)) for name in (found[4], found[5]))
            days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def _full_name(name: str) -> str:
    return next(full for full in _WEEKDAYS if full.startswith(name[:3]))


def days_in_words(text: str) -> Iterator[tuple[int | None, int, int]]:
    """Give year, month and day of dates such as "the fifth of May", "14 de marzo de 2026", 3月14日."""
    heard = normalised(text)
    for found in _ORDINAL_DAY.finditer(heard):
        month, day = (found[2], found[1]) if found[1] else (found[3], found[4])
        yield _number(found[5]), _MONTHS[month], _ORDINAL[day]
    for found in _FOREIGN_DAY.finditer(heard):
        yield _number(found[3]), _MONTHS[found[2]], int(found[1])
    if not text.isascii():
        for found in _EAST_ASIAN.finditer(text):
            yield _number(found[1]), east_asian_number(found[2]), east_asian_number(found[3])


def months_in(text: str) -> frozenset[int]:
    """Give the months that the text names; "may" is one where it is written like one."""
    named = {_MONTHS[word] for word in normalised(text).split() if word in _MONTHS and word not in _AMBIGUOUS}
    return frozenset(named | {5} if _MAY.search(text) else named)


def times_in_words(text: str) -> Iterator[str]:
    """Give the times of day of "half past six", "ten to seven" and "halb neun", before and after noon."""
    heard = normalised(text)
    for at in chain(_clock_times(heard), _foreign_clock_times(heard)):
        for noon in (0, 720):
            total = (at + noon) % 1440
            yield f"{total // 60:02}:{total % 60:02}"


def _clock_times(heard: str) -> Iterator[int]:
    for found in _CLOCK.finditer(heard):
        minutes = _MINUTES.get(found[1]) or int(found[1])
        hour = _HOURS.index(found[3]) + 1 if found[3] in _HOURS else int(found[3])
        yield 60 * hour + (minutes if found[2] in ("past", "after") else -minutes)


def _foreign_clock_times(heard: str) -> Iterator[int]:
    """In German and Dutch the half hour is named by the hour that it leads to."""
    for found in _FOREIGN_CLOCK.finditer(heard):
        hours = foreign_numbers(found[2]) if not found[2].isdecimal() else iter([float(found[2])])
        yield from (60 * int(hour) + _FOREIGN_MINUTES[found[1]] for hour in hours if hour <= 24)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
