"""Number words of the languages, beside English, that data sets are written in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolace_mt.provenance.words import normalised

__all__ = ["east_asian_number", "foreign_numbers"]

_FROM_TWO_TEXT = """
zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn siebzehn
achtzehn neunzehn zwanzig

deux trois quatre cinq - - huit neuf dix onze douze treize quatorze quinze - - - - vingt

dos tres cuatro cinco seis siete ocho nueve diez - doce trece catorce quince dieciseis diecisiete dieciocho
diecinueve veinte

- tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette
diciotto diciannove venti

dois tres quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito
dezenove vinte

twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien
negentien twintig
"""
"""What is an English word too, or short for one (once, due, six, seize), is left out."""
_TENS_TEXT = """
dreissig vierzig funfzig sechzig siebzig achtzig neunzig

trente quarante cinquante soixante

treinta cuarenta cincuenta sesenta setenta ochenta noventa

trenta quaranta cinquanta sessanta settanta ottanta novanta

trinta quarenta cinquenta sessenta setenta oitenta noventa

dertig veertig vijftig zestig zeventig tachtig negentig
"""


def _each(text: str, start: int) -> dict[str, float]:
    """Number the words of each language."""
    languages = [words.split() for words in text.split("\n\n")]
    return {word: float(number) for words in languages for number, word in enumerate(words, start)}


_NUMBERS = {
    **_each(_FROM_TWO_TEXT, 2),
    **{word: 10 * number for word, number in _each(_TENS_TEXT, 3).items()},
    **dict.fromkeys(("hundert", "cien", "ciento", "cento", "honderd"), 100.0),
    **dict.fromkeys(("tausend", "mille", "duizend"), 1000.0),
    "zwo": 2.0,
    "duas": 2.0,
}
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", start=1)} | {
    "两": 2,
    "兩": 2,
}
_EAST_ASIAN = re.compile(f"[{''.join(_NUMERALS)}十]+")


def foreign_numbers(text: str) -> Iterator[float]:
    """Give the numbers of single words such as "vier", "cuatro", "veinte", and of numerals such as 十二."""
    for word in normalised(text).split():
        if word in _NUMBERS:
            yield _NUMBERS[word]
    if not text.isascii():
        yield from (float(east_asian_number(found)) for found in _EAST_ASIAN.findall(text))


def east_asian_number(text: str) -> int:
    """Read digits, or numerals below a hundred."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * _NUMERALS.get(tens, 1) if ten else 0) + _NUMERALS.get(ones, 0)
