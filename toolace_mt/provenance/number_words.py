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
_HUNDREDS_TEXT = """
doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos

duzentos trezentos quatrocentos quinhentos seiscentos setecentos oitocentos novecentos
"""
_BEYOND_ASCII_TEXT = """
iki üç dört beş alt\u0131 yedi sekiz dokuz

hai ba bốn năm sáu bảy tám chín mười

два три четыре пять шесть семь восемь девять десять

dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć

двух трёх четырёх пяти шести семи восьми девяти десяти

двоих троих четверых пятерых шестерых семерых

اثنين ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة

اثنان ثلاث أربع خمس ست سبع ثماني تسع عشر

दो तीन चार पांच छह सात आठ नौ दस
"""
"""Their shorter words mean other things elsewhere: they count where a text has letters beyond ASCII."""


def _each(text: str, start: int) -> dict[str, float]:
    """Number the words of each language."""
    languages = [words.split() for words in text.split("\n\n")]
    return {word: float(number) for words in languages for number, word in enumerate(words, start)}


_NUMBERS = {
    **_each(_FROM_TWO_TEXT, 2),
    **{word: 10 * number for word, number in _each(_TENS_TEXT, 3).items()},
    **dict.fromkeys(("hundert", "cien", "ciento", "cento", "honderd"), 100.0),
    **dict.fromkeys(("tausend", "mille", "mil", "duizend"), 1000.0),
    **{word: 100 * number for word, number in _each(_HUNDREDS_TEXT, 2).items()},
    "zwo": 2.0,
    "duas": 2.0,
}
_BEYOND_ASCII = _each(_BEYOND_ASCII_TEXT, 2) | {"две": 2.0, "dwie": 2.0}
_JOINED_BY = ("y", "e", "et", "und", "en")
_THAI = {
    "สอง": 2.0, "สาม": 3.0, "สี่": 4.0, "ห้า": 5.0, "หก": 6.0, "เจ็ด": 7.0, "แปด": 8.0, "เก้า": 9.0, "สิบ": 10.0,
}  # fmt: skip
_KOREAN = {
    "한": 1.0, "두": 2.0, "세": 3.0, "네": 4.0, "다섯": 5.0, "여섯": 6.0, "일곱": 7.0, "여덟": 8.0,
    "아홉": 9.0, "열": 10.0,
}  # fmt: skip
_KOREAN_COUNT = re.compile(
    f"({'|'.join(_KOREAN)})\\s?(?:명|분|개|장|잔|시|마리|권|병|대|번|살|달|그릇|판|곳|자리|사람|시간|주|줄)"
)
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", start=1)} | {
    "两": 2,
    "兩": 2,
}
_EAST_ASIAN = re.compile(f"[{''.join(_NUMERALS)}十]+")


def foreign_numbers(text: str) -> Iterator[float]:
    """Give the numbers of words such as "vier", "mil quinientos", "세 명", and of numerals such as 十二."""
    words = normalised(text).split()
    if not _NUMBERS.keys().isdisjoint(words):
        yield from (_NUMBERS[word] for word in words if word in _NUMBERS)
        yield from _composed(words)
    if not text.isascii():
        yield from (float(east_asian_number(found)) for found in _EAST_ASIAN.findall(text))
        yield from (_KOREAN[found] for found in _KOREAN_COUNT.findall(text))
        yield from (number for word, number in _THAI.items() if word in text)
        tokens = (token.strip(".,:;!?()\"'") for token in text.casefold().split())
        yield from (_BEYOND_ASCII[token] for token in tokens if token in _BEYOND_ASCII)


def _composed(words: list[str]) -> Iterator[float]:
    """Add up words that follow one another: mil quinientos, treinta y dos."""
    total = current = 0.0
    for word in (*words, ""):
        number = _NUMBERS.get(word)
        if number is None:
            if word not in _JOINED_BY:
                yield from (total + current,) if total + current else ()
                total = current = 0.0
        elif number == 1000:
            total, current = total + 1000 * max(current, 1.0), 0.0
        else:
            current += number


def east_asian_number(text: str) -> int:
    """Read digits, or numerals below a hundred."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (10 * _NUMERALS.get(tens, 1) if ten else 0) + _NUMERALS.get(ones, 0)
