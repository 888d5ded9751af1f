"""Rules of manner: a rewording is well formed, in the right role and mood, and leaks or repeats nothing."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import Final

from toolace_mt.draft import SlotKind
from toolace_mt.words.context import FillContext
from toolace_mt.words.tokens import stem, words_of

__all__ = [
    "adds_no_sentence",
    "does_not_stutter",
    "in_role",
    "keeps_articles",
    "keeps_mood",
    "leaks_nothing",
    "repeats_no_turn",
    "right_length",
    "well_formed",
]

_LEAK: Final = re.compile(r"[{}<>\[\]|\\`]|https?:|\b[a-z]+_[a-z_]+\b|\b[a-z]+[A-Z]\w*")
_USER_ADDRESSED: Final = re.compile(
    r"\b(?:can|could|would|will|are|do|did|if|thank|thanks|help|ask|for|with|tell|to) you\b"
    r"|\byou (?:can|could|please)\b",
    re.IGNORECASE,
)
_FIRST_PERSON_WISH: Final = re.compile(
    r"\bI(?:'d| would) like\b|\bI (?:want|need|wish)\b|\bI'd need\b"
    r"|\b(?:help|tell|show|give) me\b(?! (?:your|what|which|the|more))|\bmy\b",
    re.IGNORECASE,
)
_WH_QUESTION: Final = re.compile(r"\b(?:What|Which|Where|When|Who|How|what|which)\b[^.!?]*\?")
_HAS_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|can|could|would|will|do|does|did|should|may|comes|have|has)\b|'s\b|'d\b"
)
# "Could you ... ." without a question mark; the dot of "plan.md" or "$12.50" ends no sentence.
_UNASKED: Final = re.compile(r"\b(?:could|can|would) you\b[^?]*[.!](?: |$)", re.IGNORECASE)
_TWO_VERBS: Final = re.compile(r"\bthere (?:is|are) no [\w ]+ (?:has|have|is|are|was|matches)\b")
_NEVER_ASKING: Final = frozenset(
    {SlotKind.REPORT, SlotKind.FAILURE, SlotKind.ANSWER, SlotKind.DETAIL, SlotKind.CHAT}
)
_ARTICLES: Final = ("the", "a", "an", "this", "that", "these", "those")
_POSSESSIVES: Final = ("my", "your", "our", "his", "her", "their", "its")
_QUANTIFIERS: Final = ("any", "some", "all", "each", "every", "one", "no")
_DETERMINERS: Final = frozenset({*_ARTICLES, *_POSSESSIVES, *_QUANTIFIERS})


def well_formed(text: str, _: FillContext) -> bool:
    """It ends as a sentence does, once."""
    return text == text.strip() and len(text) >= 3 and re.search(r"\w['\u2019\"]?[.!?]$", text) is not None


def right_length(text: str, context: FillContext) -> bool:
    """It is neither cut short nor drawn out."""
    coarse = len(context.coarse.text)
    return 0.4 * coarse <= len(text) <= 1.6 * coarse + 40


def adds_no_sentence(text: str, context: FillContext) -> bool:
    """It says what the coarse turn says, perhaps after a greeting, and then stops."""
    if context.kind in {SlotKind.CHAT, SlotKind.CHAT_REPLY}:
        return True
    rest = re.sub(r"^(?:[A-Z][a-z']+(?: [a-z]+){0,3}[!.:]|I can help with that\.) ", "", text)
    return _sentences(rest) <= _sentences(context.coarse.text)


def _sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?= |$)", text))


def keeps_articles(text: str, context: FillContext) -> bool:
    """ "Your flight is cancelled" does not become "I have cancelled flight"."""
    source, words = words_of(context.coarse.text), words_of(text)
    for article, noun in itertools.pairwise(source):
        if article not in _DETERMINERS or noun in _DETERMINERS:
            continue
        places = [place for place, word in enumerate(words) if stem(word) == stem(noun)]
        if places and not any(_DETERMINERS & set(words[max(0, place - 2) : place]) for place in places):
            return False
    return True


def keeps_mood(text: str, context: FillContext) -> bool:
    """A report is not a question, a question ends as one, and "What else you need?" is neither."""
    if _UNASKED.search(text) or _TWO_VERBS.search(text):
        return False
    if any(not _HAS_VERB.search(question) for question in _WH_QUESTION.findall(text)):
        return False
    if context.kind is SlotKind.QUESTION:
        return text.endswith("?") and text.count("?") == 1 and _agrees_in_number(text, context)
    if (
        context.kind is SlotKind.REPORT
        and "will" in words_of(text)
        and "will" not in words_of(context.coarse.text)
    ):
        return False
    return context.kind not in _NEVER_ASKING or "?" not in text


def _agrees_in_number(text: str, context: FillContext) -> bool:
    """ "What are the words?" does not become "What is the words?"."""
    verbs = {"is", "are"}
    return verbs & set(words_of(text)) <= verbs & set(words_of(context.coarse.text))


def in_role(text: str, context: FillContext) -> bool:
    """The user does not talk as the assistant does, nor the other way round."""
    if context.speaker == "assistant":
        allowed = "my" in words_of(context.coarse.text)
        return allowed or not _FIRST_PERSON_WISH.search(text)
    if re.match(r"[A-Z][a-z]+ing\b", text):
        return False  # "Booking a flight, please."
    rest = _USER_ADDRESSED.sub(" ", text)
    return not re.search(r"\byou(?:r|rs|'re|'d|'ll|'ve)?\b", rest, re.IGNORECASE)


def leaks_nothing(text: str, context: FillContext) -> bool:
    """No markup, no address, no name that only the code knows."""
    rest = context.without_facts(text)
    if _LEAK.search(rest):
        return False
    return context.hidden_names.isdisjoint(re.findall(r"[A-Za-z][\w-]*", rest))


def does_not_stutter(text: str, context: FillContext) -> bool:
    """No word twice in a row, no three words again, one please and one thanks."""
    words = re.findall(r"[\w'$.@/-]+", text.casefold())
    source = re.findall(r"[\w'$.@/-]+", context.coarse.text.casefold())
    plain = words_of(text)
    if plain.count("please") > 1 or plain.count("thanks") + plain.count("thank") > 1:
        return False
    if any(first == second for first, second in itertools.pairwise(words)):
        return False
    known = _triples(source)
    return all(count <= max(1, known[triple]) for triple, count in _triples(words).items())


def _triples(words: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(zip(words, words[1:], words[2:], strict=False))


def repeats_no_turn(text: str, context: FillContext) -> bool:
    """No other turn of the dialogue has the same words."""
    said = text.casefold()
    return all(said != other.casefold() for other in context.others)
