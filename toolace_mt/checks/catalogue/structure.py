"""Rules about the order of messages and the pairing of calls with results (TA1)."""

from __future__ import annotations

from toolace_mt.checks.rule import Rule
from toolace_mt.findings import Severity

__all__ = ["STRUCTURE_RULES"]

STRUCTURE_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA101",
        name="role-order",
        message="The messages' roles do not follow each other as in a dialogue.",
        why="Chat templates refuse or garble dialogues out of order, often without a word.",
        bad="user, assistant, assistant; or a system message in the middle",
        good="system, user, assistant with calls, tool, assistant, user, assistant",
        fix="Begin with the system or the user; let assistant and user alternate around the results.",
    ),
    Rule(
        code="TA102",
        name="result-without-call",
        message="A tool message answers no open call.",
        why="The result has no cause, so the model learns that results appear by themselves.",
        bad='{"role": "tool", "tool_call_id": "call_9"} after a message that made only call_0',
        good='{"role": "tool", "tool_call_id": "call_0"} right after the message that made call_0',
        fix="Give the result the id of the call that it answers, or remove it.",
    ),
    Rule(
        code="TA103",
        name="unanswered-call",
        message="A call has no result before the dialogue goes on.",
        why="The assistant then speaks of an outcome that it never saw.",
        bad="assistant calls get_order; user: thanks",
        good="assistant calls get_order; tool answers; assistant speaks",
        fix="Execute the call and put its result after it. A call that ends the record is let pass.",
    ),
    Rule(
        code="TA104",
        name="reused-call-id",
        message="A call id is used more than once in the dialogue.",
        why="Results can no longer be matched with their calls by id alone.",
        bad="call_0 in turn 2 and call_0 again in turn 6",
        good="call_0 in turn 2 and call_1 in turn 6",
        fix="Number the calls through the whole dialogue.",
        severity=Severity.WARNING,
    ),
    Rule(
        code="TA105",
        name="result-name-mismatch",
        message="A result carries another tool's name than the call that it answers.",
        why="Either the pairing or the name is wrong, and a reader cannot tell which.",
        bad='call get_order with id call_0; {"role": "tool", "tool_call_id": "call_0", "name": "get_user"}',
        good='call get_order with id call_0; {"role": "tool", "tool_call_id": "call_0", "name": "get_order"}',
        fix="Name the called tool in the result, or leave the name out.",
    ),
    Rule(
        code="TA106",
        name="no-final-answer",
        message="The dialogue ends without an answer of the assistant in words.",
        why="The model never learns to tell the user what came of the calls.",
        bad="the last message is a tool result",
        good="the last message is the assistant's, in words",
        fix="Add the assistant's closing message, or cut the dialogue at the last one.",
        severity=Severity.WARNING,
    ),
    Rule(
        code="TA107",
        name="empty-turn",
        message="A user or assistant message holds neither words nor calls.",
        why="It teaches the model to say nothing.",
        bad='{"role": "assistant", "content": ""}',
        good='{"role": "assistant", "content": "Done."}',
        fix="Remove the message, or write what was meant.",
        severity=Severity.WARNING,
    ),
)
