"""What is said and done twice, cut off, or without meaning (TA7)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from operator import eq

import orjson

from toolace_mt.checks.observations import CallSite, Pairing, recorded_error
from toolace_mt.findings import Finding
from toolace_mt.transcript import Message, Transcript

__all__ = ["check_repeated_calls", "check_texts"]

_MIN_REPEATED_WORDS = 5
_SUCCESS = ("success", "ok", "succeeded")
_READ_NAME = re.compile(
    r"(?:get|list|search|find|read|show|check|look|view|fetch|query|retrieve|describe|count|calculate|compute|think)",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"<\|[a-z_0-9]+\|>|\A\s*<s>|</s>(?=\s*\Z)|\[/?INST\]|<<SYS>>|<(?:start|end)_of_turn>|</?tool_call>"
    r"|<tool_response>|\ufffd{1,}|\[PAD\]|<unk>|Ã[\x80-\xbf]|â[\u201a\u20ac][¬\u2122\u0153\u201c\u201d\u02dc\x9d]"
)
_BEGINNINGS = ("<", "[", "\ufffd", "Ã", "â")
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
_RUN, _LETTERS = 6, 12
_TOKEN = re.compile(r"\w+")
_LONG_WORD = re.compile(rf"\S{{{_LETTERS},}}")
_SAME_TOKEN = re.compile(rf"\b([^\W\d]\w*)(?:[\s,.;]+\1\b){{{_RUN - 1},}}", re.IGNORECASE)
_SAME_LETTER = re.compile(rf"([^\W\d_])\1{{{_LETTERS - 1},}}")
_WORDLESS = 4
_GREETING = re.compile(
    r"\b(?:regards|wishes|sincerely|best|cheers|thanks|thank you|love|yours),\Z", re.IGNORECASE
)
_GREETING_LETTERS = 40
_OPEN_ENDINGS = (
    " the",
    " a",
    " an",
    " and",
    " or",
    " of",
    " to",
    " with",
    " for",
    " is",
    " are",
    " in",
    " on",
    " your",
    " my",
    " our",
    " from",
    " by",
    " but",
    ",",
)
_ENDING_LETTERS = max(map(len, _OPEN_ENDINGS))
_CUT_MIN_WORDS = 6


def check_repeated_calls(
    sites: tuple[CallSite, ...], pairing: Pairing, transcript: Transcript, reads: frozenset[str] | None
) -> Iterator[Finding]:
    """Find calls that repeat an earlier one with nothing changed in between and no failure before (TA701).

    Where the results tell different things, something did change.
    ``reads`` are the tools known to change nothing.  Without that knowledge, a tool is taken as reading by
    its name (get, list, search, ...), and any other one as writing.
    """
    names = [site.call.name for site in sites]
    if len(set(names)) == len(names):
        return
    called = Counter(names)
    done: dict[tuple[str, bytes], CallSite] = {}
    for site in sites:
        if site.call.arguments is None:
            continue
        if called[site.call.name] == 1:  # of most tools there is one call, which need not be written down
            if not _is_read(site.call.name, reads):
                done.clear()
            continue
        key = (site.call.name, orjson.dumps(site.call.arguments, option=orjson.OPT_SORT_KEYS))
        if key in done and not _differ(done[key], site, pairing, transcript):
            yield Finding(
                rule="TA701",
                message=f"{site.call.name} was called with the same arguments in turn {done[key].turn}",
                turn=site.turn,
                call=site.number,
            )
        elif not _is_read(site.call.name, reads):
            done.clear()
        if not _failed(site, pairing, transcript):
            done[key] = site


def _is_read(name: str, reads: frozenset[str] | None) -> bool:
    return name in reads if reads is not None else _READ_NAME.match(name) is not None


def _differ(before: CallSite, site: CallSite, pairing: Pairing, transcript: Transcript) -> bool:
    turns = pairing.answers.get(before.where), pairing.answers.get(site.where)
    if turns[0] is None or turns[1] is None:
        return False
    return transcript.messages[turns[0]].value != transcript.messages[turns[1]].value


def _failed(site: CallSite, pairing: Pairing, transcript: Transcript) -> bool:
    turn = pairing.answers.get(site.where)
    if turn is None:
        return True
    value = transcript.messages[turn].value
    refused = isinstance(value, Mapping) and any(value.get(flag) is False for flag in _SUCCESS)
    return refused or recorded_error(value) is not None


def check_texts(transcript: Transcript) -> Iterator[Finding]:
    """Find texts that are repeated (TA702), cut off (TA703) or meaningless (TA704)."""
    said: dict[tuple[str, str], int] = {}
    for turn, message in enumerate(transcript.messages):
        if not message.text or message.role not in ("user", "assistant"):
            continue
        if transcript.is_reference and message.role == "assistant":
            continue  # the words of an answer key are what is right, not what anybody says
        words = message.text.casefold().split()
        if len(words) >= _MIN_REPEATED_WORDS:
            before = said.setdefault((message.role, " ".join(words)), turn)
            if before != turn:
                yield Finding(
                    rule="TA702", message=f"the {message.role} said the same in turn {before}", turn=turn
                )
        noise = _noise(message, words)
        if noise is not None:
            yield Finding(rule="TA704", message=noise, turn=turn)
        elif _is_cut(message, words):
            yield Finding(
                rule="TA703", message=f"the text breaks off: …{message.text.rstrip()[-40:]!r}", turn=turn
            )


def _noise(message: Message, words: list[str]) -> str | None:
    """Cheap tests come first: the patterns with back references are slow.  Only people write ``sooooo``."""
    text = message.text or ""
    token = _TEMPLATE.search(text) if any(mark in text for mark in _BEGINNINGS) else None
    if token is not None:
        return f"the text holds {token[0][:20]!r}"
    repeated = _same_token(text, words) or (message.role == "assistant" and _same_letter(text, words))
    if repeated:
        return f"{repeated[1]!r} is said over and over"
    if len(text.strip()) >= _WORDLESS and text.isascii() and _LETTER_OR_DIGIT.search(text) is None:
        return f"there is no word in {text.strip()[:20]!r}"
    return None


def _same_token(text: str, words: list[str]) -> re.Match[str] | None:
    if len(words) < _RUN or len(words) - len(set(words)) < _RUN - 1:
        return None
    tokens = _TOKEN.findall(text.casefold())
    return _SAME_TOKEN.search(text) if any(map(eq, tokens, tokens[1:])) else None


def _same_letter(text: str, words: list[str]) -> re.Match[str] | None:
    if max(map(len, words), default=0) < _LETTERS:
        return None
    for word in _LONG_WORD.findall(text):
        if len(word) - len(set(word)) >= _LETTERS - 1:
            found = _SAME_LETTER.search(word)
            if found is not None:
                return found
    return None


def _is_cut(message: Message, words: list[str]) -> bool:
    """A long text that ends in a word which cannot end a sentence, or inside an open code block."""
    if message.role != "assistant" or len(words) < _CUT_MIN_WORDS or message.text is None:
        return False
    end = message.text.rstrip()[-_GREETING_LETTERS:]
    if end[-_ENDING_LETTERS:].casefold().endswith(_OPEN_ENDINGS):
        return _GREETING.search(end) is None
    return message.text.count("```") % 2 == 1
