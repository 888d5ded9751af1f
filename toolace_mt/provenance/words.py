"""Texts made comparable: case, accents, punctuation and endings do not count."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["compact", "content_words", "letter_runs", "normalised", "stem", "stems_of", "words_of"]

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"
    "\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts that put no blank before or after a word of another script; Korean as its decomposed letters."""
_SEAM = re.compile(rf"(?<=[a-z0-9])(?=[{_UNSPACED}])|(?<=[{_UNSPACED}])(?=[a-z0-9])")
_LETTERS = re.compile(r"[a-z]+")
_PLAIN = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
"""A table for ``str.translate``: five times as fast as the pattern."""
_STOP_TEXT = """
a an and are as at be been but by can could did do does for from had has have he her his i if in into is it
its may me more my no not of on or our please she should so some than that the their them then there these
they this to up us was we were what when which who will with would you your
"""
_STOP = frozenset(_STOP_TEXT.split())
_SHORT = {"min": "minute", "mins": "minute", "sec": "second", "secs": "second", "hr": "hour", "hrs": "hour"}
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "es", "ed", "s", "ly", "e", "y")


@lru_cache(maxsize=2048)
def normalised(text: str) -> str:
    """Give the text's words in lower case between single blanks, with a blank at both ends."""
    if text.isascii():
        return f" {' '.join(text.translate(_PLAIN).split())} "
    decomposed = unicodedata.normalize("NFKD", text)
    text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return f" {' '.join(_WORD.findall(_SEAM.sub(' ', text.casefold())))} "


@lru_cache(maxsize=2048)
def letter_runs(text: str) -> frozenset[str]:
    """Give all unbroken runs of the letters a to z, in lower case.

    What a pattern spells with such letters between word boundaries is among them, if the text is ASCII: a
    look into this set spares most texts the pattern.
    """
    return frozenset(_LETTERS.findall(text.casefold()))


def words_of(text: str) -> list[str]:
    """Give the words of the text, normalised."""
    return normalised(text).split()


def compact(text: str) -> str:
    """Give the letters and digits of the text only, in lower case: ``+1 (555) 01`` is ``155501``."""
    return normalised(text).replace(" ", "")


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Cut a word's ending, roughly; only for telling whether two words may be forms of one."""
    word = _SHORT.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=2048)
def stems_of(text: str) -> frozenset[str]:
    """Give the stems of all words of a text."""
    return frozenset(map(stem, normalised(text).split()))


def content_words(text: str) -> list[str]:
    """Give the stems of the words that carry meaning."""
    return [stem(word) for word in words_of(text) if word not in _STOP]
