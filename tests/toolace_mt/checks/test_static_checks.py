"""Each rule finds the fault it is for, and is silent about everything else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.checks import RULES, check_transcript, find_rule
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.transcript import DeclaredTool, Message, Place, RecordedCall, Transcript

FAULTS = Path(__file__).parents[3] / "fixtures" / "datasets" / "openai_faults.jsonl"
RECORDS = [json.loads(line) for line in FAULTS.read_text().splitlines()]
STATIC = {rule.code for rule in RULES if rule.family not in ("TA5", "TA6", "TA8")} - {"TA001", "TA003"}


def transcript_of(record: Any) -> Transcript:
    return OpenAIFormat().read(record, Place(file="faults", record=0))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["id"]))
def test_a_record_has_just_the_findings_that_it_was_written_for(record: Any) -> None:
    assert sorted({finding.rule for finding in check_transcript(transcript_of(record))}) == record["expect"]


def test_every_rule_that_needs_no_execution_has_a_record() -> None:
    needs_hidden_state = {"TA404"}
    assert {code for record in RECORDS for code in record["expect"]} == STATIC - needs_hidden_state


@pytest.mark.parametrize(
    "record", [record for record in RECORDS if record["expect"]], ids=lambda r: str(r["id"])
)
def test_ignoring_the_rule_silences_it_and_selecting_it_leaves_only_it(record: Any) -> None:
    transcript, codes = transcript_of(record), record["expect"]
    assert check_transcript(transcript, ignore=codes) == ()
    assert {finding.rule for finding in check_transcript(transcript, select=codes[:1])} == {codes[0]}


@pytest.mark.parametrize(("tool", "rules"), [("ask_to_user", set()), ("get_order", {"TA103"})])
def test_the_user_answers_a_call_that_asks_the_user(tool: str, rules: set[str]) -> None:
    messages = (
        Message(role="user", text="Where is it?"),
        Message(role="assistant", calls=(RecordedCall(name=tool, arguments={}),)),
        Message(role="user", text="The order of May."),
        Message(role="assistant", text="It is on its way."),
    )
    assert {found.rule for found in check_transcript(Transcript(id="x", messages=messages))} == rules


def test_a_call_before_the_user_has_spoken_is_out_of_order() -> None:
    messages = (
        Message(role="assistant", text="Hello, I look first."),
        Message(role="assistant", calls=(RecordedCall(name="look", arguments={}),)),
        Message(role="tool", value=1),
        Message(role="user", text="And?"),
        Message(role="assistant", text="It is there."),
    )
    assert [found.rule for found in check_transcript(Transcript(id="x", messages=messages))] == ["TA101"]


def test_findings_name_the_turn_the_call_and_the_path() -> None:
    record = next(record for record in RECORDS if record["id"] == "wrong-type")
    (finding,) = check_transcript(transcript_of(record))
    assert (finding.turn, finding.call, finding.path) == (1, 0, "$.guests")


def test_records_that_declare_no_tools_are_not_judged_by_them() -> None:
    record = {**RECORDS[0], "tools": None}
    assert check_transcript(transcript_of(record)) == ()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('{"city": "Lund", "city": "Oslo"}', "have 'city' twice"),
        ('{"city": "Lund", }', "are no JSON object"),
        ('{"at": {"city": "Lund"}, "city": "Lund", "note": "in \\"it\\": 4"}', None),
    ],
)
def test_an_argument_that_stands_twice_is_no_argument(written: str, words: str | None) -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": written}}
    turns = [{"role": "user", "content": "Lund or Oslo?"}, {"role": "assistant", "tool_calls": [call]}]
    found = check_transcript(transcript_of({"messages": turns}), select=("TA002",))
    assert [words in finding.message for finding in found if words] == ([True] if words else [])
    assert bool(found) is (words is not None)


def structure(*messages: Message) -> list[tuple[str, int | None]]:
    asked = Message(role="user", text="Refund order O17 to my card.")
    found = check_transcript(Transcript(id="x", messages=(asked, *messages)), select=("TA1",))
    return [(finding.rule, finding.turn) for finding in found]


REFUNDING = Message(role="assistant", calls=(RecordedCall(name="refund", arguments={}, id="c"),))
REFUNDED = Message(role="tool", value="ok", call_id="c")
TOLD = Message(role="assistant", text="It is on its way.")
OFFER = Message(role="assistant", text="Shall I refund it to your card?")


def test_a_lost_result_is_told_as_such_and_not_as_a_fault_of_the_order() -> None:
    assert structure(REFUNDING, TOLD) == [("TA103", 1)]


def test_a_result_that_comes_late_is_told_as_late() -> None:
    assert structure(REFUNDING, TOLD, REFUNDED, TOLD) == [("TA103", 1), ("TA102", 3)]


@pytest.mark.parametrize(
    ("before", "last", "rules"),
    [
        (OFFER, "Yes.", ["TA106"]),
        (OFFER, "No, thank you.", []),
        (OFFER, "Fantastic, I'm good for now.", []),
        (OFFER, "Sure, that was all, thanks.", []),
        (TOLD, "Okay.", []),
        (TOLD, "And order O18?", ["TA106"]),
    ],
)
def test_a_user_has_the_last_word_only_to_take_leave(before: Message, last: str, rules: list[str]) -> None:
    assert [rule for rule, _ in structure(before, Message(role="user", text=last))] == rules


def test_a_value_that_the_schema_refuses_is_told_once() -> None:
    schema = {"properties": {"way": {"type": "string", "enum": ["card"]}}}
    tool = DeclaredTool(name="refund", parameters=schema)

    def rules(value: Any, *select: str) -> list[str]:
        calling = Message(role="assistant", calls=(RecordedCall(name="refund", arguments={"way": value}),))
        messages = (Message(role="user", text="Refund it."), calling)
        found = check_transcript(Transcript(id="x", messages=messages, tools=(tool,)), select=select)
        return [finding.rule for finding in found]

    assert rules("cash") == ["TA304"]
    assert rules("cash", "TA402") == ["TA402"]
    assert rules(None) == ["TA306"]


def test_known_reads_decide_whether_a_call_is_repeated() -> None:
    record = next(record for record in RECORDS if record["id"] == "fine-repeat-after-write")
    transcript = transcript_of(record)
    assert check_transcript(transcript, reads=frozenset({"get_order"})) == ()
    both = frozenset({"get_order", "cancel_order"})
    assert check_transcript(transcript, reads=both) == ()  # the second result is another
    first = next(message for message in transcript.messages if message.role == "tool")
    last = max(turn for turn, message in enumerate(transcript.messages) if message.role == "tool")
    same = transcript.messages[last]._replace(value=first.value)
    transcript = replace(
        transcript, messages=(*transcript.messages[:last], same, *transcript.messages[last + 1 :])
    )
    assert {finding.rule for finding in check_transcript(transcript, reads=both)} == {"TA701"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"$ref": "http://example.com/x"},
        {"properties": {"a": {"$ref": "file:///etc/hostname"}}},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"required": True}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
    ],
)
def test_a_schema_that_cannot_be_judged_safely_is_named_and_nothing_is_fetched(parameters: Any) -> None:
    tool = DeclaredTool(name="t", parameters=parameters)
    messages = (Message(role="user", text="Hello."), Message(role="assistant", text="Hello."))
    (finding,) = check_transcript(Transcript(id="x", messages=messages, tools=(tool,)))
    assert finding.rule == "TA202"


def test_a_type_of_another_language_is_named_with_its_place() -> None:
    (finding,) = _check_call({"type": "object", "properties": {"a": {"type": "str"}}}, {})
    assert "$.properties.a.type: 'str' is no JSON Schema type" in finding.message


def test_a_deep_schema_is_refused_and_a_costly_pattern_ends() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"properties": {"a": deep}}
    costly = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    found = _check_call(deep, {"a": {}})
    assert {finding.rule for finding in found} == {"TA202"}
    assert _rules(costly, {"a": "a" * 60 + "!"}) == {"TA305"}


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 15), st.floats(-5, 15), st.sampled_from(["a", "bb", ""])
)
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), SCALARS, max_size=2)
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["string", "integer", "number", "boolean", "array", "object", ["string", "null"]]
        ),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(4, 9),
        "maxLength": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "const": SCALARS,
        "anyOf": st.just([{"type": "string"}, {"type": "integer"}]),
    },
)


@given(
    properties=st.dictionaries(st.sampled_from(["a", "b", "c"]), PROPERTIES),
    required=st.lists(st.sampled_from(["a", "b"]), unique=True),
    arguments=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES),
)
def test_arguments_are_accepted_exactly_if_the_reference_validator_accepts_them(
    properties: Any, required: list[str], arguments: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    accepted = jsonschema.Draft202012Validator(schema).is_valid(arguments)
    assert accepted == (not _rules(schema, arguments))


def _rules(parameters: Any, arguments: dict[str, Any]) -> set[str]:
    return {finding.rule for finding in _check_call(parameters, arguments)}


def _check_call(parameters: Any, arguments: dict[str, Any]) -> Any:
    tool = DeclaredTool(name="t", parameters=parameters)
    messages = (
        Message(role="user", text="Do it."),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments=arguments),)),
        Message(role="tool", value=None),
        Message(role="assistant", text="Done."),
    )
    return check_transcript(
        Transcript(id="x", messages=messages, tools=(tool,)), select=("TA2", "TA3"), ignore=("TA204",)
    )


def test_the_rule_table_knows_every_code_that_the_checks_give() -> None:
    for record in RECORDS:
        for finding in check_transcript(transcript_of(record)):
            find_rule(finding.rule)


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ("My API is called YOUR_API_KEY.", []),
        ("My key is secret.", ["TA403"]),
    ],
)
def test_a_placeholder_that_the_user_gave_to_the_letter_is_a_value(said: str, rules: list[str]) -> None:
    call = RecordedCall(name="open_api", arguments={"key": "YOUR_API_KEY"})
    messages = (Message(role="user", text=said), Message(role="assistant", calls=(call,)))
    found = check_transcript(Transcript(id="x", messages=messages))
    assert [one.rule for one in found if one.rule.startswith("TA4")] == rules


@pytest.mark.parametrize(
    ("reference", "definitions", "rules"),
    [
        ("#/$defs/a", {"a": {"$ref": "#/$defs/a"}}, ["TA202"]),
        ("#/$defs/a", {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, ["TA202"]),
        ("#/$defs/a", {"a": {"type": "object", "properties": {"again": {"$ref": "#/$defs/a"}}}}, []),
        ("#", {}, []),
    ],
)
def test_a_schema_may_hold_itself_and_not_be_itself(
    reference: str, definitions: Any, rules: list[str]
) -> None:
    parameters = {"type": "object", "properties": {"x": {"$ref": reference}}, "$defs": definitions}
    tool = DeclaredTool(name="t", parameters=parameters)
    transcript = Transcript(id="x", messages=(Message(role="user", text="Hi."),), tools=(tool,))
    found = check_transcript(transcript)
    assert [one.rule for one in found if one.rule.startswith("TA2")] == rules
