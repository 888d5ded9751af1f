"""Rules about reading a record at all (TA0)."""

from __future__ import annotations

from toolace_mt.checks.rule import Rule
from toolace_mt.findings import Severity

__all__ = ["READING_RULES"]

READING_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA001",
        name="unreadable-record",
        message="The record cannot be read as a dialogue.",
        why="A record that a reader drops in silence is missing from every count that follows.",
        bad='{"messages": [{"role": "user", "content": "Hi"',
        good='{"messages": [{"role": "user", "content": "Hi"}]}',
        fix="Write one whole JSON object per line, with a list of messages of known roles.",
    ),
    Rule(
        code="TA002",
        name="unparsable-call",
        message="The arguments of a call cannot be parsed as a JSON object.",
        why="A model that is trained on it learns to write calls that no tool can take.",
        bad="\"arguments\": \"{'order_id': 'O17',}\"",
        good='"arguments": "{\\"order_id\\": \\"O17\\"}"',
        fix="Write the arguments as the JSON text of one object, with double quotes and no trailing comma.",
    ),
    Rule(
        code="TA003",
        name="nothing-to-judge",
        severity=Severity.INFO,
        message="The file holds nothing to judge: it is no dataset, or its answers were not found.",
        why="A file without findings looks clean; this one was not looked into.",
        bad='{"id": "q1", "question": [[...]], "function": [...]}    (and no possible_answer/ beside it)',
        good='{"id": "q1", "ground_truth": [{"get_order": {"order_id": ["O17"]}}]}    in possible_answer/',
        fix="Put the answers in possible_answer/ under the file's own name; leave other files out.",
    ),
)
