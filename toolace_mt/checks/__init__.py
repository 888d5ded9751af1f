"""The rules: what is wrong with a recorded dialogue, and what its execution shows.

``check_transcript`` needs nothing but the record; ``compare_execution`` compares the record with what its
calls did when they were run.  Both are pure.
"""

from toolace_mt.checks.execution import Compared, compare_execution
from toolace_mt.checks.judge import Judgement, check_transcript, judge
from toolace_mt.checks.observations import (
    CallSite,
    Pairing,
    RecordedError,
    call_sites,
    pair_results,
    recorded_error,
)
from toolace_mt.checks.rules import (
    FAMILIES,
    RULES,
    Certainty,
    Rule,
    UnknownRuleError,
    choose_rules,
    find_rule,
    severity_of,
)

__all__ = [
    "FAMILIES",
    "RULES",
    "CallSite",
    "Certainty",
    "Compared",
    "Judgement",
    "Pairing",
    "RecordedError",
    "Rule",
    "UnknownRuleError",
    "call_sites",
    "check_transcript",
    "choose_rules",
    "compare_execution",
    "find_rule",
    "judge",
    "pair_results",
    "recorded_error",
    "severity_of",
]
