"""Whether a rewording may take a coarse turn's place: it must say the same, in the right role, and no more.

Small models lose values, invent details and slip out of their role.  Each rule here is a plain function of
the text, so a refused fill is refused for the same reason on every run; the name of the first broken rule
is kept in the dialogue's history.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final, Literal

from toolace_mt.draft import SlotKind
from toolace_mt.words.phrases import Phrase

__all__ = ["FillContext", "Strictness", "first_breach", "similarity"]


# How far a rewording may go: "close" keeps to the coarse turn's own words, "free" only to its facts.
Strictness = Literal["close", "free"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FillContext:
    """What a fill is judged against.  ``hidden_names`` are tool and parameter names as the code spells them;
    ``others`` are the texts of the other turns."""

    kind: SlotKind
    coarse: Phrase
    speaker: Literal["user", "assistant"]
    hidden_names: frozenset[str]
    others: tuple[str, ...]
    strictness: Strictness = "close"


_Rule = Callable[[str, FillContext], bool]

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'\u2019]*")
_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|nothing|cannot|without|unable|unfortunately)\b|n['\u2019]t\b", re.IGNORECASE
)
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
_ARTICLES: Final = ("the", "a", "an", "this", "that", "these", "those")
_POSSESSIVES: Final = ("my", "your", "our", "his", "her", "their", "its")
_QUANTIFIERS: Final = ("any", "some", "all", "each", "every", "one", "no")
_DETERMINERS: Final = frozenset({*_ARTICLES, *_POSSESSIVES, *_QUANTIFIERS})
_NUMBER_WORDS: Final = {
    word: str(number)
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
}


def first_breach(text: str, context: FillContext) -> str | None:
    """The name of the first rule that ``text`` breaks, or None."""
    for name, keeps in _RULES if context.strictness == "close" else _FREE_RULES:
        if not keeps(text, context):
            return name
    return None


def _well_formed(text: str, _: FillContext) -> bool:
    return text == text.strip() and len(text) >= 3 and re.search(r"\w['\u2019\"]?[.!?]$", text) is not None


def _right_length(text: str, context: FillContext) -> bool:
    coarse = len(context.coarse.text)
    return 0.4 * coarse <= len(text) <= 1.6 * coarse + 40


def _adds_no_sentence(text: str, context: FillContext) -> bool:
    """It says what the coarse turn says, perhaps after a greeting, and then stops."""
    if context.kind in {SlotKind.CHAT, SlotKind.CHAT_REPLY}:
        return True
    rest = re.sub(r"^(?:[A-Z][a-z']+(?: [a-z]+){0,3}[!.:]|I can help with that\.) ", "", text)
    return _sentences(rest) <= _sentences(context.coarse.text)


def _sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?= |$)", text))


def _keeps_facts(text: str, context: FillContext) -> bool:
    rest = text
    # Longer facts first, so that "3" is not taken from inside "W3021".
    for fact in sorted(context.coarse.facts, key=len, reverse=True):
        wanted = re.escape(fact.rstrip(".!?"))
        ignored = re.IGNORECASE if re.fullmatch(r"[A-Za-z ]+", fact) else re.NOFLAG
        found = re.search(rf"(?<![\w./]){wanted}(?![\w/]|[.,]\w)", rest, ignored)
        if found is None:
            return False
        rest = rest[: found.start()] + " " + rest[found.end() :]
    coarse = context.coarse.text.casefold()
    return all(
        text.casefold().count(f.casefold()) <= coarse.count(f.casefold()) for f in context.coarse.facts
    )


def _adds_no_figures(text: str, context: FillContext) -> bool:
    known = context.coarse.text.casefold()
    spelled = [_NUMBER_WORDS[w] for w in _words(text) if w in _NUMBER_WORDS and w != "one"]
    return _figures(text) <= _figures(known) and all(
        re.search(rf"\b{number}\b", known) or _NAMES[number] in known for number in spelled
    )


def _figures(text: str) -> frozenset[str]:
    """The numbers as wholes: "5" is not in "$12.50"."""
    return frozenset(figure.rstrip(".,:;/-") for figure in re.findall(r"[$€£]?\d[\w.,:/-]*", text.casefold()))


def _adds_no_content(text: str, context: FillContext) -> bool:
    known = _stems(_words(context.coarse.text)) | _plain_stems()
    return all(_stem(word) in known for word in _words(_without_facts(text, context)))


def _keeps_content(text: str, context: FillContext) -> bool:
    meant = _stems(_words(_without_facts(context.coarse.text, context))) - _plain_stems()
    said = _stems(_words(text))
    return len(meant & said) >= 0.75 * len(meant)


def _keeps_determiners(text: str, context: FillContext) -> bool:
    """ "Your flight is cancelled" does not become "I have cancelled flight"."""
    source, words = _words(context.coarse.text), _words(text)
    for article, noun in itertools.pairwise(source):
        if article not in _DETERMINERS or noun in _DETERMINERS:
            continue
        places = [place for place, word in enumerate(words) if _stem(word) == _stem(noun)]
        if places and not any(_DETERMINERS & set(words[max(0, place - 2) : place]) for place in places):
            return False
    return True


def _keeps_polarity(text: str, context: FillContext) -> bool:
    return bool(_NEGATION.search(text)) == bool(_NEGATION.search(context.coarse.text))


def _keeps_mood(text: str, context: FillContext) -> bool:
    """A report is not a question, a question ends as one, and "What else you need?" is neither."""
    kind = context.kind
    # A full stop, not the dot in "plan.md" or "$12.50".
    if re.search(r"\b(?:[Cc]ould|[Cc]an|[Ww]ould) you\b[^?]*[.!](?: |$)", text):
        return False
    if kind is SlotKind.REPORT and "will" in _words(text) and "will" not in _words(context.coarse.text):
        return False
    if any(not _HAS_VERB.search(question) for question in _WH_QUESTION.findall(text)):
        return False
    if kind is SlotKind.QUESTION:
        return text.endswith("?") and text.count("?") == 1
    if kind in {SlotKind.REPORT, SlotKind.FAILURE, SlotKind.ANSWER, SlotKind.DETAIL, SlotKind.CHAT}:
        return "?" not in text
    return True


def _in_role(text: str, context: FillContext) -> bool:
    if context.speaker == "assistant":
        allowed = "my" in _words(context.coarse.text)
        return allowed or not _FIRST_PERSON_WISH.search(text)
    if re.match(r"[A-Z][a-z]+ing\b", text):
        return False  # "Booking a flight, please."
    rest = _USER_ADDRESSED.sub(" ", text)
    return not re.search(r"\byou(?:r|rs|'re|'d|'ll|'ve)?\b", rest, re.IGNORECASE)


def _leaks_nothing(text: str, context: FillContext) -> bool:
    if _LEAK.search(_without_facts(text, context)):
        return False
    tokens = set(re.findall(r"[A-Za-z][\w-]*", _without_facts(text, context)))
    return not tokens & context.hidden_names


def _does_not_stutter(text: str, context: FillContext) -> bool:
    words = re.findall(r"[\w'$.@/-]+", text.casefold())
    source = re.findall(r"[\w'$.@/-]+", context.coarse.text.casefold())
    plain = _words(text)
    if plain.count("please") > 1 or plain.count("thanks") + plain.count("thank") > 1:
        return False
    if any(first == second for first, second in itertools.pairwise(words)):
        return False
    return all(count <= max(1, _grams(source).get(gram, 0)) for gram, count in _grams(words).items())


def _repeats_no_turn(text: str, context: FillContext) -> bool:
    return all(text.casefold() != other.casefold() for other in context.others)


def _words(text: str) -> list[str]:
    return [word.casefold().replace("\u2019", "'") for word in _WORD.findall(text)]


def _grams(words: list[str]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for start in range(len(words) - 2):
        gram = tuple(words[start : start + 3])
        counts[gram] = counts.get(gram, 0) + 1
    return counts


def _without_facts(text: str, context: FillContext) -> str:
    for fact in sorted(context.coarse.facts, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(fact)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return text


def _stem(word: str) -> str:
    """Enough stemming to let "cancelled" stand for "cancel"."""
    word = word.split("'", maxsplit=1)[0]
    for ending in ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s", "d", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_stem(word) for word in words)


@cache
def _plain_stems() -> frozenset[str]:
    text = resources.files(__package__).joinpath("plain_words.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return _stems(word for line in lines for word in line.split()) | _stems(_NUMBER_WORDS)


def similarity(first: str, second: str) -> float:
    """How much two texts share, 0 to 1: their common word pairs over all their word pairs."""
    a, b = (_pairs(text) for text in (first, second))
    return len(a & b) / len(a | b) if a | b else 1.0


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = ["", *_words(text)]
    return frozenset(itertools.pairwise(words))


_NAMES: Final = {number: word for word, number in _NUMBER_WORDS.items()}
_RULES: Final[tuple[tuple[str, _Rule], ...]] = (
    ("malformed", _well_formed),
    ("length", _right_length),
    ("lost-fact", _keeps_facts),
    ("padding", _adds_no_sentence),
    ("new-figure", _adds_no_figures),
    ("leak", _leaks_nothing),
    ("role", _in_role),
    ("mood", _keeps_mood),
    ("polarity", _keeps_polarity),
    ("invented", _adds_no_content),
    ("lost-content", _keeps_content),
    ("lost-article", _keeps_determiners),
    ("stutter", _does_not_stutter),
    ("repeats-a-turn", _repeats_no_turn),
)
_FREE_RULES: Final = tuple(
    (name, rule)
    for name, rule in _RULES
    if name not in {"length", "padding", "invented", "lost-content", "lost-article", "stutter", "polarity"}
)
