"""Rules that a model judges (TA8): one question each, asked only when a model is given."""

from __future__ import annotations

from toolace_mt.checks.rule import Certainty, Rule
from toolace_mt.findings import Severity

__all__ = ["EXPERT_RULES"]

EXPERT_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA801",
        name="hallucinated-answer",
        message="The assistant tells the user something that no result, user or system message supports.",
        why="A model that is trained on it learns to make up facts beside correct calls.",
        bad='result: {"status": "pending"}; assistant: Your order has shipped.',
        good='result: {"status": "pending"}; assistant: Your order is pending.',
        fix="Say only what the results hold, or call a tool that knows.",
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA802",
        name="unfit-tool-result",
        message="A result is not what the called tool, as it is described, would give for these arguments.",
        why="It was probably written by a model; no tool can be learned from it.",
        bad='get_weather({"city": "Oslo"}) gives {"city": "Rome", "balance": 12}',
        good='get_weather({"city": "Oslo"}) gives {"city": "Oslo", "celsius": 3}',
        fix="Execute the call and record what it returns.",
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA803",
        name="task-not-completed",
        message="Something that the user asked for is neither done nor refused with a reason.",
        why="The dialogue rewards an assistant that stops half-way.",
        bad="user: Cancel it and refund me. ... assistant: It is cancelled. (no word of the refund)",
        good="user: Cancel it and refund me. ... assistant: It is cancelled and $20 are refunded.",
        fix="Let the assistant finish the task, or say why it cannot.",
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA804",
        name="policy-broken",
        message="The assistant does something that the system message forbids, or omits what it demands.",
        why="The rules of the system message are part of the task.",
        bad="system: Ask before you change anything. assistant cancels the order at once",
        good="system: Ask before you change anything. assistant: Shall I cancel order O17?",
        fix="Rewrite the turn so that the rule is kept, or correct the system message.",
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA805",
        name="incoherent-turn",
        message="A turn does not follow from what was said before, or contradicts it.",
        why="Turns that were written apart often do not fit together.",
        bad="user: I am in Oslo. ... user: As I said, I am in Rome.",
        good="user: I am in Oslo. ... user: Still Oslo, please.",
        fix="Rewrite the turn with those before it in view.",
        severity=Severity.WARNING,
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA806",
        name="unnatural-turn",
        message="A turn is one that no user or assistant would write.",
        why="Stilted turns teach a style that nobody meets.",
        bad="user: I wish to invoke cancel_order with order_id equal to O17.",
        good="user: Please cancel my order O17.",
        fix="Say the same in the words of a person.",
        severity=Severity.WARNING,
        certainty=Certainty.JUDGED,
    ),
    Rule(
        code="TA807",
        name="needless-or-missing-call",
        message="A call serves nothing that the user asked for, or an answer lacks the call it needed.",
        why="When to call is the first thing that such data teaches.",
        bad="user: Thanks! assistant calls list_orders",
        good="user: Thanks! assistant: You are welcome.",
        fix="Remove the call, or make the one that is missing.",
        severity=Severity.WARNING,
        certainty=Certainty.JUDGED,
    ),
)
