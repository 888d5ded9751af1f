"""Rules about where values come from (TA4) and about what is said (TA7)."""

from __future__ import annotations

from toolace_mt.checks.rule import Certainty, Rule
from toolace_mt.findings import Severity

__all__ = ["CONTENT_RULES", "GROUNDING_RULES"]

GROUNDING_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA401",
        name="ungrounded-identifier",
        message="An identifier appears in a call and nowhere before it.",
        why="It was invented. A model that is trained on it learns to guess ids instead of looking them up.",
        bad='user: Cancel my order. Call: cancel_order({"order_id": "O4411"})',
        good='user: Cancel my order O4411. Call: cancel_order({"order_id": "O4411"})',
        fix="Let the user say it, look it up with an earlier call, or have the assistant ask.",
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA402",
        name="ungrounded-value",
        message="A value has no source in the user's words, the system prompt, a result or the schema.",
        why="Half of the faults that rules find in generated dialogues are invented values.",
        bad='user: Find a hotel in Rome. Call: search_hotels({"city": "Rome", "max_price": 180})',
        good='user: ... in Rome for at most 180. Call: search_hotels({"city": "Rome", "max_price": 180})',
        fix="Let the user say it, leave the optional argument out, or declare it as the default.",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA403",
        name="unresolved-reference",
        message="An argument is a placeholder that was never filled in.",
        why="The tool receives the placeholder's text instead of a value.",
        bad='{"order_id": "{{order_id}}"} or {"token": "YOUR_API_KEY"}',
        good='{"order_id": "O17"}',
        fix="Put the value that is meant in its place.",
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA404",
        name="value-from-hidden-state",
        message="An argument's value stands in the data's hidden state and nowhere in the dialogue.",
        why="The value is real, yet nothing told the assistant: a model cannot learn where it comes from.",
        bad='user: "cancel my order"; call: cancel_order({"order_id": "O17"}), where O17 is in the database',
        good="First a call whose result shows O17, or a user who says it.",
        fix="Show the value: add the call that looks it up, or put it into the user's words.",
        severity=Severity.INFO,
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA405",
        name="unsupported-figure",
        message="The assistant tells an identifier or an amount of money that stands nowhere before.",
        why="It was misread or invented. A model that is trained on it learns to tell what no tool has said.",
        bad='result: {"refund": 20.5}. assistant: You get $25.50 back.',
        good='result: {"refund": 20.5}. assistant: You get $20.50 back.',
        fix="Tell what the result says; amounts that were added up or converted are found by themselves.",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
    ),
)

CONTENT_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA701",
        name="repeated-call",
        message="The same call is made again although nothing has changed and it did not fail.",
        why="The second answer was already there; the model learns to waste calls.",
        bad='get_order({"order_id": "O17"}), get_order({"order_id": "O17"})',
        good='get_order({"order_id": "O17"}), cancel_order(...), get_order({"order_id": "O17"})',
        fix="Remove the second call and use the first result.",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA702",
        name="repeated-text",
        message="The same speaker says the same sentence twice.",
        why="Repetition is the commonest way in which generated dialogues go wrong.",
        bad="user: Please check the status of my order. ... user: Please check the status of my order.",
        good="user: Please check the status of my order. ... user: And the one before it?",
        fix="Rewrite or remove the second one.",
        severity=Severity.WARNING,
    ),
    Rule(
        code="TA703",
        name="truncated-text",
        message="A message breaks off in the middle.",
        why="The generator ran out of tokens; the model learns to stop in mid-sentence.",
        bad="assistant: Your order has been cancelled and the refund of",
        good="assistant: Your order has been cancelled and the refund of $20 is on its way.",
        fix="Generate the message again with room to finish.",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
    ),
    Rule(
        code="TA704",
        name="meaningless-text",
        message="A message holds template tokens, broken characters, or the same word over and over.",
        why="Such text is noise from the generator or the encoding, and training copies it.",
        bad="assistant: Done.<|im_end|> or: the the the the the",
        good="assistant: Done.",
        fix="Strip the tokens, repair the encoding, or generate the message again.",
        severity=Severity.WARNING,
        certainty=Certainty.LIKELY,
    ),
)
