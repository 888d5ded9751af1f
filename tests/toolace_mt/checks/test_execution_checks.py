"""What the execution of a record shows, and how results are compared."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Fault, FaultKind, Outcome, Outcomes, Returned
from toolace_mt.checks import compare_execution
from toolace_mt.checks.compare import Agreement, compare_results
from toolace_mt.findings import Finding
from toolace_mt.transcript import JsonValue, Message, RecordedCall, Setting, Transcript

NOT_FOUND = Fault(FaultKind.TOOL_ERROR, "not_found", "no order O1")
UNKNOWN = Fault(FaultKind.UNKNOWN_TOOL, "unknown_tool", "no tool 'get'; the tools are find")
UNFIT = Fault(FaultKind.INVALID_ARGUMENTS, "invalid_arguments", "got an unexpected keyword argument 'q'")
ERROR = {"error": {"kind": "tool_error", "code": "not_found", "message": "no order O1"}}


def record(*results: JsonValue, digest: str | None = None) -> Transcript:
    messages = [Message(role="user", text="Please.")]
    for number, result in enumerate(results):
        messages.append(
            Message(role="assistant", calls=(RecordedCall(name="get", arguments={}, id=f"call_{number}"),))
        )
        if result != "(none)":
            messages.append(Message(role="tool", value=result, call_id=f"call_{number}"))
    return Transcript(id="x", messages=tuple(messages), setting=Setting(final_state_digest=digest))


def findings_of(
    transcript: Transcript, outcomes: Sequence[Outcome], final_digest: str | None = None, **more: Any
) -> tuple[Finding, ...]:
    found = compare_execution(transcript, outcomes, final_digest, **more)
    assert compare_execution(transcript, Outcomes.of(outcomes), final_digest, **more) == found
    return found.findings


@pytest.mark.parametrize(
    ("recorded", "outcome", "expected"),
    [
        ({"a": 1}, Returned({"a": 1}), []),
        ({"a": 1}, Returned({"a": 1.0}), []),
        ("pending", Returned("pending"), []),
        ("True", Returned(True), []),
        (ERROR, NOT_FOUND, []),
        ("Error: no such order", NOT_FOUND, []),
        ("Error: order O7 not found", NOT_FOUND, []),
        ("Error", NOT_FOUND, []),
        ("Error: invalid session token", NOT_FOUND, ["TA606"]),
        ({"error": "invalid session token"}, NOT_FOUND, ["TA606"]),
        ("Error: user not found", UNKNOWN, ["TA501"]),
        ("Error: invalid arguments", UNKNOWN, ["TA501"]),
        ("Error: unknown tool 'get'", UNKNOWN, []),
        ("Error: the function get does not exist", UNKNOWN, []),
        ("Error: user not found", UNFIT, ["TA501"]),
        ("Error: order_id is a required argument", UNFIT, []),
        ({"error": {"code": "unknown_tool", "message": "?"}}, UNKNOWN, []),
        ({"a": 1}, NOT_FOUND, ["TA501"]),
        ("(none)", NOT_FOUND, ["TA501"]),
        ("(none)", Returned(1), []),
        (ERROR, Fault(FaultKind.TOOL_ERROR, "not_pending", "is shipped"), ["TA601"]),
        (ERROR, Returned({"a": 1}), ["TA601"]),
        ({"a": 1}, Returned({"a": 2}), ["TA601"]),
        ({"a": 1}, Returned({"a": True}), ["TA601"]),
        ({"a": [1, 2]}, Returned({"a": [2, 1]}), ["TA602"]),
        ({"id": "B71", "n": 1}, Returned({"id": "B1", "n": 1}), ["TA603"]),
        ({"a": 1}, Fault(FaultKind.CRASH, "crash", "died"), ["TA502"]),
        ({"a": 1}, Fault(FaultKind.UNDECLARED_ERROR, "undeclared_error", "KeyError"), ["TA502"]),
        ({"a": 1}, Fault(FaultKind.BUDGET, "budget", "too many steps"), ["TA503"]),
        ("Error: it broke", Fault(FaultKind.CRASH, "crash", "died"), ["TA502"]),
        (
            {"error": {"kind": "timeout", "code": "timeout", "message": "no answer"}},
            Fault(FaultKind.TIMEOUT, "timeout", "no answer"),
            [],
        ),
    ],
)
def test_an_outcome_is_a_finding_exactly_if_the_record_says_otherwise(
    recorded: JsonValue, outcome: Outcome, expected: Sequence[str]
) -> None:
    assert [finding.rule for finding in findings_of(record(recorded), [outcome])] == expected


def test_a_difference_is_named_by_its_path() -> None:
    found = findings_of(record({"a": [{"b": 1}]}), [Returned({"a": [{"b": 2}]})])
    assert [finding.path for finding in found] == ["$.a[0].b"]
    assert found[0].message == "get: the executed result differs: recorded 1, executed 2"
    (whole,) = findings_of(record("one"), [Returned("two")])
    assert whole.message == "get: the executed result differs: recorded 'one', executed 'two'"


@pytest.mark.parametrize(
    ("recorded", "executed", "rules"), [("x", "x", []), ("x", "y", ["TA604"]), (None, "y", [])]
)
def test_final_states_are_compared_if_the_record_has_one(
    recorded: str | None, executed: str, rules: list[str]
) -> None:
    found = findings_of(record(1, digest=recorded), [Returned(1)], executed)
    assert [finding.rule for finding in found] == rules


def test_another_final_state_is_told_with_what_the_calls_changed() -> None:
    changes = 'orders.O7.status: "pending" -> "cancelled"'
    (found,) = findings_of(record(1, digest="x"), [Returned(1)], "y", changes=changes)
    assert found.message.endswith(f"; the calls changed {changes}")


def test_a_read_that_changed_the_state_is_named() -> None:
    found = findings_of(record(1, 1), [Returned(1), Returned(1)], changed_by_reads={1})
    assert [(finding.rule, finding.turn) for finding in found] == [("TA605", 3)]


def test_outcomes_must_match_the_calls_in_number() -> None:
    with pytest.raises(ValueError, match="1 outcomes for 2 calls"):
        findings_of(record(1, 1), [Returned(1)])


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["a", "B17", "x y"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
)


@given(VALUES)
def test_a_result_equals_itself(value: Any) -> None:
    assert compare_results(value, value).agreement is Agreement.EQUAL


@given(value=VALUES, other=VALUES)
def test_agreement_does_not_depend_on_the_side(value: Any, other: Any) -> None:
    assert compare_results(value, other).agreement is compare_results(other, value).agreement


@given(items=st.lists(LEAVES, min_size=2, max_size=6), data=st.data())
def test_shuffling_a_list_changes_at_most_its_order(items: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(items))
    agreement = compare_results({"a": items}, {"a": shuffled}).agreement
    assert agreement is (Agreement.EQUAL if _identical(items, shuffled) else Agreement.ORDER)


def _identical(items: list[Any], others: list[Any]) -> bool:
    return all(one == other and type(one) is type(other) for one, other in zip(items, others, strict=True))


@given(st.lists(st.sampled_from(["BK-1001", "BK-1002", "BK-1003", "word"]), min_size=1))
def test_a_consistent_renaming_of_identifiers_is_recognised(ids: list[str]) -> None:
    renamed = [value.replace("BK-1", "R7-") for value in ids]
    expected = Agreement.EQUAL if renamed == ids else Agreement.IDENTIFIERS
    assert compare_results(ids, renamed).agreement is expected


@pytest.mark.parametrize(
    ("recorded", "executed", "expected"),
    [
        ({"a": 1, "b": [2]}, '{"b": [2], "a": 1}', Agreement.EQUAL),
        ("{'a': 1, 'ok': True}", {"a": 1, "ok": True}, Agreement.EQUAL),
        ("[('a', 1)]", [["a", 1]], Agreement.EQUAL),
        ("{'a': 1}", {"a": 2}, Agreement.DIFFERENT),
        ({"a": [1, 2]}, '{"a": [2, 1]}', Agreement.ORDER),
        ({"order_id": 17, "n": 2}, {"order_id": 44, "n": 2}, Agreement.IDENTIFIERS),
        ({"order_id": 17, "n": 2}, {"order_id": 17, "n": 3}, Agreement.DIFFERENT),
        ([{"id": 1}, {"id": 1}], [{"id": 2}, {"id": 3}], Agreement.DIFFERENT),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 2, "d": 3}, "e": 4}, Agreement.KEYS),
        ({"a": 1, "b": 2}, {"a": 3, "c": 2}, Agreement.DIFFERENT),
        ({"a": 1}, {"b": 1}, Agreement.DIFFERENT),
        ({"date": "2024-05-01"}, {"date": "2024-05-02"}, Agreement.DIFFERENT),
        ({"date_id": "2024-05-01T10:00"}, {"date_id": "2024-05-02T10:00"}, Agreement.DIFFERENT),
        ({"price": "12.50"}, {"price": "99.00"}, Agreement.DIFFERENT),
        ({"time": "10:30"}, {"time": "23:45"}, Agreement.DIFFERENT),
        ({"temperature": "20C"}, {"temperature": "35C"}, Agreement.DIFFERENT),
        ({"length": "PT2H30M"}, {"length": "PT9H30M"}, Agreement.DIFFERENT),
        ({"phone": "555-0100"}, {"phone": "555-0199"}, Agreement.DIFFERENT),
        ({"phone_number": "5550100"}, {"phone_number": "5550199"}, Agreement.DIFFERENT),
        ({"zip_code": "10001"}, {"zip_code": "90210"}, Agreement.DIFFERENT),
        ({"status": "v2"}, {"status": "v3"}, Agreement.DIFFERENT),
        ({"paid": 1}, {"paid": 2}, Agreement.DIFFERENT),
        ({"flight_number": "HAT999"}, {"flight_number": "HAT277"}, Agreement.DIFFERENT),
        ({"tracking_number": "1Z999"}, {"tracking_number": "1Z277"}, Agreement.IDENTIFIERS),
        ({"email_valid": 5}, {"email_valid": 6}, Agreement.DIFFERENT),
        ({"md5": "5d41402abc4b"}, {"md5": "7d793037a076"}, Agreement.DIFFERENT),
        ({"2024-05-01": "sun"}, {"2024-05-02": "sun"}, Agreement.DIFFERENT),
        ({"user_id": "alice"}, {"user_id": "bob"}, Agreement.DIFFERENT),
        ([{"id": "A1"}, {"id": "B1"}], [{"id": "A1"}, {"id": "A1"}], Agreement.DIFFERENT),
        ({"orderId": 17}, {"orderId": 44}, Agreement.IDENTIFIERS),
        ({"confirmation_number": "48213"}, {"confirmation_number": "99120"}, Agreement.IDENTIFIERS),
        ({"order_id": 5, "user_id": 5}, {"order_id": 6, "user_id": 5}, Agreement.IDENTIFIERS),
        ({"BK-1001": {"n": 1}}, {"BK-7001": {"n": 1}}, Agreement.IDENTIFIERS),
        (23553.0, "23553.0", Agreement.EQUAL),
        ("5", 5, Agreement.EQUAL),
        (5, "5", Agreement.EQUAL),
        (True, "True", Agreement.EQUAL),
        (None, "None", Agreement.EQUAL),
        ("{'a': 1}", '{"a": 1}', Agreement.EQUAL),
        ("{'a': 1}", '{"a": 2}', Agreement.DIFFERENT),
        ('"quoted"', "quoted", Agreement.EQUAL),
        ({"a": "5"}, {"a": 5}, Agreement.DIFFERENT),
        (True, "1", Agreement.DIFFERENT),
        ({"a": None}, {}, Agreement.DIFFERENT),
    ],
)
def test_results_are_compared_by_what_they_mean_and_differences_have_a_class(
    recorded: JsonValue, executed: JsonValue, expected: Agreement
) -> None:
    assert compare_results(recorded, executed).agreement is expected


def test_an_inconsistent_renaming_is_a_difference() -> None:
    assert compare_results(["B1001", "B1001"], ["R1001", "R1002"]).agreement is Agreement.DIFFERENT
    assert compare_results(["B1001", "B1002"], ["R1001", "R1001"]).agreement is Agreement.DIFFERENT


def dialogue(*steps: tuple[dict[str, JsonValue], JsonValue], digest: str | None = None) -> Transcript:
    """Calls with their arguments and recorded results."""
    messages = [Message(role="user", text="Please.")]
    for number, (arguments, result) in enumerate(steps):
        call = RecordedCall(name="f", arguments=arguments, id=f"call_{number}")
        messages += [
            Message(role="assistant", calls=(call,)),
            Message(role="tool", value=result, call_id=f"call_{number}"),
        ]
    return Transcript(id="x", messages=tuple(messages), setting=Setting(final_state_digest=digest))


def test_a_recorded_identifier_stands_for_one_executed_one_in_the_whole_dialogue() -> None:
    steps = dialogue(({}, {"id": "B71"}), ({}, [{"id": "B71"}]), ({}, {"id": "B72"}))
    same = [Returned({"id": "R1"}), Returned([{"id": "R1"}]), Returned({"id": "R2"})]
    other = [Returned({"id": "R1"}), Returned([{"id": "R2"}]), Returned({"id": "R1"})]
    assert [found.rule for found in findings_of(steps, same)] == ["TA603"] * 3
    assert [(found.rule, found.turn) for found in findings_of(steps, other)] == [
        ("TA603", 1),
        ("TA601", 3),
        ("TA601", 5),
    ]


def test_an_identifier_that_was_asked_for_is_not_made_up() -> None:
    asked = dialogue(({"order_id": "O1"}, {"order_id": "O77", "n": 1}))
    (found,) = findings_of(asked, [Returned({"order_id": "O1", "n": 1})])
    assert found.rule == "TA601"


@pytest.mark.parametrize(
    ("key", "recorded", "executed"), [("id", "B71", "R1"), ("booking_id", 71, 1), ("id", "71", "1")]
)
def test_a_call_that_is_given_an_identifier_drawn_anew_cannot_be_judged(
    key: str, recorded: JsonValue, executed: JsonValue
) -> None:
    steps = dialogue(({}, {key: recorded}), ({"booking_id": recorded}, {"ok": True}), digest="x")
    compared = compare_execution(steps, [Returned({key: executed}), NOT_FOUND], "y")
    assert [found.rule for found in compared.findings] == ["TA603"]
    assert compared.unjudged == {(3, 0)}
    assert compared.state_unjudged


def test_a_call_with_other_arguments_is_judged_beside_identifiers_drawn_anew() -> None:
    steps = dialogue(({}, {"id": "B71"}), ({"booking_id": "B9"}, {"ok": True}))
    compared = compare_execution(steps, [Returned({"id": "R1"}), NOT_FOUND])
    assert [found.rule for found in compared.findings] == ["TA603", "TA501"]
    assert not compared.unjudged


def test_a_key_that_one_result_lacks_is_told_as_nothing() -> None:
    (found,) = findings_of(record({"a": None}), [Returned({"b": None})])
    assert found.message.endswith("recorded None, executed nothing")


@pytest.mark.parametrize(
    ("recorded", "executed", "path", "shown"),
    [
        ([{"n": 3}], [{"n": 1}, {"n": 2}, {"n": 3}], "$[0]", "recorded nothing, executed {'n': 1}"),
        ([{"n": 1}, {"n": 2}], [{"n": 2}], "$[0]", "recorded {'n': 1}, executed nothing"),
        ([{"n": 1}], [{"n": 2}, {"n": 3}], "$[0].n", "recorded 1, executed 2"),
    ],
)
def test_an_item_that_one_list_lacks_is_told_as_such_and_not_as_another_value(
    recorded: Any, executed: Any, path: str, shown: str
) -> None:
    (found,) = findings_of(record(recorded), [Returned(executed)])
    assert (found.rule, found.path) == ("TA601", path)
    assert found.message.endswith(shown)


def test_of_long_texts_the_place_is_shown_where_they_differ() -> None:
    before = "The order was placed in May and paid by card. "
    (found,) = findings_of(record(f"{before}It is pending."), [Returned(f"{before}It is cancelled.")])
    assert "pending" in found.message
    assert "cancelled" in found.message


def test_a_fault_is_told_without_saying_its_kind_twice_and_a_crash_with_its_remedy() -> None:
    (unknown,) = findings_of(record(1), [UNKNOWN])
    assert unknown.message == "get: unknown_tool: no tool 'get'; the tools are find"
    (crash,) = findings_of(record(1), [Fault(FaultKind.UNDECLARED_ERROR, "key", "'x'")])
    assert "`tool_errors`" in crash.message
