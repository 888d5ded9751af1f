"""Whether a failure that a record tells is the one that happened when the call was executed."""

from __future__ import annotations

import re
from enum import Enum

from sandbox import Fault, FaultKind
from toolace_mt.checks.observations import RecordedError
from toolace_mt.provenance.words import words_of

__all__ = ["FailureAgreement", "compare_failures"]

_TOOL = r"(?:tool|function|method|api|action|command|endpoint)s?\b"
_TELLS = {
    FaultKind.UNKNOWN_TOOL: re.compile(
        rf"unknown[_ ]tool|\b(?:unknown|no such|undefined|invalid|unsupported|unrecogni[sz]ed|no)\b.*\b"
        rf"{_TOOL}|\b{_TOOL}.*\b(?:unknown|not found|not exist|n't exist|undefined|invalid|not (?:a )?valid"
        r"|unavailable|not available|not supported|unsupported|not defined)\b|is not defined\b",
        re.IGNORECASE | re.DOTALL,
    ),
    FaultKind.INVALID_ARGUMENTS: re.compile(
        r"argument|parameter|\bparams?\b|\bfields?\b|\bkeyword\b|\bmissing\b|\brequired\b|\bmust be\b"
        r"|\bschema\b|validation|typeerror|\b(?:invalid|wrong|valid|of) type\b",
        re.IGNORECASE,
    ),
}
"""Words in which a record tells that the call could not be made at all."""
_LOOKED_AT = 1000
"""A longer message is a page or a traceback; what happened stands at its beginning."""
_FORM_TEXT = """
a an the this that these of in on at to for from by with and or such there it its your you we i is was are
were be been has have had do does did error exception failed failure value
"""
_FORM = frozenset(_FORM_TEXT.split())
_NO = frozenset(("not", "no", "cannot", "without", "t", "never", "none", "nothing"))


class FailureAgreement(Enum):
    SAME = "same"
    OTHER_WORDS = "other words"
    """Both are told in words only, and these say different things, as far as words tell."""
    OTHER = "other"
    """Another kind or code."""
    NOT_MADE = "not made"
    """The call could not be made (an unknown tool, arguments that do not fit), and the record tells something
    else."""


def compare_failures(recorded: RecordedError, fault: Fault) -> FailureAgreement:
    """Compare by kind and code where the record has them, else by words without identifiers and numbers."""
    if recorded.kind not in (None, fault.kind.value) or recorded.code not in (None, fault.code):
        return FailureAgreement.OTHER
    if recorded.kind is not None or recorded.code is not None:
        return FailureAgreement.SAME
    tells = _TELLS.get(fault.kind)
    if tells is not None:
        told_so = tells.search(recorded.message[:_LOOKED_AT])
        return FailureAgreement.NOT_MADE if told_so is None else FailureAgreement.SAME
    told, happened = _meaning(recorded.message), _meaning(f"{fault.code} {fault.message}")
    if told <= happened or happened <= told:
        return FailureAgreement.SAME
    return FailureAgreement.OTHER_WORDS


def _meaning(text: str) -> frozenset[str]:
    """Give the words that tell what went wrong; each way to deny counts as one."""
    words = (
        word for word in words_of(text[:_LOOKED_AT]) if word not in _FORM and not any(map(str.isdigit, word))
    )
    return frozenset("no" if word in _NO else word for word in words)
