"""Rules about running the calls (TA5) and comparing with what was recorded (TA6)."""

from __future__ import annotations

from toolace_mt.checks.rule import Certainty, Rule
from toolace_mt.findings import Severity

__all__ = ["EXECUTION_RULES", "REPLAY_RULES"]

EXECUTION_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA501",
        name="call-failed",
        message="A call fails when it is executed, and the record does not say so.",
        why="The recorded success is not what the tool does. A call that could not even be made (no such "
        "tool, arguments that do not fit) agrees only with a record that says just that.",
        bad="recorded: the order; executed: not_found",
        good="recorded: not_found; executed: not_found",
        fix="Correct the call, or record the failure and let the assistant react to it.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA502",
        name="tool-crashed",
        message="The tool broke on the call: a crash, an undeclared error or a result outside its schema.",
        why="The environment is at fault, so nothing can be said about the call.",
        bad="undeclared_error: KeyError 'status'",
        good="tool_error: not_found",
        fix="Declare the error if it is an answer (`tool_errors` of a Python class, `errors` of a pack's "
        "tool), else mend the tool; `toolace-mt packs check PACK` finds such faults.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA503",
        name="limit-exceeded",
        message="The call ran into a limit of steps, time or memory.",
        why="The call does not end in any useful time.",
        bad="budget: 2,000,000 steps used",
        good="a call that ends",
        fix="Ask for less in the call, or mend the tool.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA504",
        name="no-such-environment",
        message="The record was made in a tool pack or world that the given environment does not have.",
        why="Its calls were not executed; no level above grounded can be claimed.",
        bad='"metadata": {"pack": "retail", "world": "w9"} where the pack has no world w9',
        good='"metadata": {"pack": "retail", "world": "w1"}',
        fix="Name the right pack with --env, or correct the record.",
    ),
)

REPLAY_RULES: tuple[Rule, ...] = (
    Rule(
        code="TA601",
        name="result-differs",
        message="The executed result is not the recorded one.",
        why="The recorded result was not produced by this tool in this state; a model may have written it.",
        bad='recorded: {"status": "shipped"}; executed: {"status": "pending"}',
        good='recorded: {"status": "pending"}; executed: {"status": "pending"}',
        fix="Record what the tool returns.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA602",
        name="result-order-differs",
        message="The executed result holds the same items as the recorded one in another order.",
        why="Harmless unless the dialogue speaks of the first or the last.",
        bad='recorded: ["O1", "O2"]; executed: ["O2", "O1"]',
        good='recorded: ["O1", "O2"]; executed: ["O1", "O2"]',
        fix="Sort the list in the tool.",
        severity=Severity.WARNING,
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA603",
        name="result-ids-differ",
        message="The executed result equals the recorded one but for identifiers that the tool made up.",
        why="Harmless, since each recorded identifier stands for one executed one in the whole dialogue; "
        "where one does not, it is TA601. Dates, amounts, measures and telephone numbers are no identifiers. "
        "A later call that is given such an identifier, and a final state, cannot be judged.",
        bad='recorded: {"booking_id": "B71"}; executed: {"booking_id": "B1"}',
        good='recorded: {"booking_id": "B1"}; executed: {"booking_id": "B1"}',
        fix="Let the tool draw identifiers from a counter.",
        severity=Severity.WARNING,
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA604",
        name="final-state-differs",
        message="The world after the last call is not the recorded one.",
        why="Some call did something else than when the dialogue was recorded.",
        bad="recorded digest 5f2c..., executed digest 91aa...",
        good="both digests 5f2c...",
        fix="Execute the dialogue again and record its results and digest.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA605",
        name="read-changed-state",
        message="A tool that is declared as read-only changed the world.",
        why="The tool's declaration is wrong, so the order of reads matters.",
        bad="get_order marks the order as seen",
        good="get_order leaves the world alone",
        fix="Declare the tool's effect as write, or mend it.",
        certainty=Certainty.EXECUTED,
    ),
    Rule(
        code="TA606",
        name="failure-words-differ",
        message="The call fails as the record says, but in words that tell something else.",
        why="Where a record tells a failure in words alone, these are compared, without identifiers and "
        "numbers. Another program may word the same failure differently, so it is a warning; the "
        "call counts as not replayed.",
        bad="recorded: Invalid session token; executed: Alarm 17 not found",
        good="recorded: Alarm 17 not found; executed: No alarm 18 was found",
        fix="Look at both; record what the tool says, best with a code: "
        '`{"error": {"code": "not_found", "message": "..."}}`.',
        severity=Severity.WARNING,
        certainty=Certainty.EXECUTED,
    ),
)
