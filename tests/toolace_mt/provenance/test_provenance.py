"""Each value of a call has the source that a careful reader would name, and invented ones have none."""

import json
import string
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolace_mt.provenance import Source, SourceKind, as_metadata, is_identifier, trace
from toolace_mt.transcript import DeclaredTool, JsonValue, Message, RecordedCall, Transcript

SYSTEM = "You help people with bookings. Today is Monday, 2 March 2026."
CERTAIN, UNSURE, NONE = "certain", "unsure", "none"


def source_of(
    value: JsonValue,
    *,
    user: str = "Please help me.",
    observed: JsonValue = None,
    assistant: str | None = None,
    name: str = "value",
    schema: Any = None,
    system: str = SYSTEM,
) -> Source | None:
    tool = DeclaredTool(name="t", parameters={"type": "object", "properties": {name: schema or {}}})
    messages = [Message(role="system", text=system), Message(role="user", text=user)]
    if observed is not None:
        messages.append(Message(role="assistant", calls=(RecordedCall(name="look", arguments={}),)))
        messages.append(Message(role="tool", value=observed))
    if assistant is not None:
        messages += [Message(role="assistant", text=assistant), Message(role="user", text="Yes.")]
    messages.append(Message(role="assistant", calls=(RecordedCall(name="t", arguments={name: value}),)))
    found = trace(Transcript(id="x", messages=tuple(messages), tools=(tool,)))
    return found[len(messages) - 1, 0, f"$.{name}"]


def grade(source: Source | None) -> str:
    return NONE if source is None else CERTAIN if source.certain else UNSURE


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("O17", "Cancel order O17."),
        ("O17", "cancel order o17, please"),
        ("HAT136", "I take HAT 136."),
        ("+15550101234", "Call me at +1 (555) 010-1234."),
        ("running shoe", "I want running shoes"),
        ("Zurich", "a hotel in Zürich"),
        ("mia.li@example.com", "My email is mia.li@example.com."),
        ("Mia", "My name is Mia Li."),
        ("New York", "from new-york to Boston"),
        (1250, "It cost $1,250.00."),
        (125000, "It cost $1,250.00."),
        (12, "a dozen eggs"),
        (24, "two dozen eggs"),
        (120, "one hundred and twenty people"),
        (3, "for the three of us"),
        (2, "for me and a couple of beers"),
        (0.15, "a tip of 15 %"),
        (200000, "20 wan"),
        (35, "10 of these and 25 of those"),
        (90, "for an hour and a half, 1.5 hours"),
        ("5", "5 nights"),
        (4, "una mesa para cuatro personas"),
        (5, "in fünf Tagen"),
        (12, "我要十二张票"),
        (13.1, "thirteen point one miles"),
        (22.05, "twenty two point oh five"),
        (12.5, "twelve fifty"),
        (1990, "in nineteen ninety"),
        ("tue", "on every weekday"),
        ("Saturday", "at the weekend"),
        ("thursdays", "from Tue to Fri"),
        ("sun", "Friday through Monday"),
        ("2026-03-14", "on 14 March 2026"),
        ("2026-03-14", "on March 14th"),
        ("2026-03-14", "on Mar 14"),
        ("2026-03-14", "on 3/14/2026"),
        ("2026-03-14", "on 14.03.2026"),
        ("2026-03-03", "tomorrow"),
        ("2026-03-07", "five days from today, so in 5 days"),
        ("2026-03-17", "from 14 March for three nights"),
        ("18:30", "at 6:30 pm"),
        ("18:30:00", "at half past six, so 18:30"),
        ("2026-03-14T18:30:00", "on March 14 at 6:30pm"),
        ("2026-03-14T18:30", "on 14 March at 18:30"),
        ("/docs/a.txt", "the file a.txt in the folder /docs"),
        ("Mia Li", "First name Mia, last name Li."),
        ("USD", "in $, please"),
        ("北京", "我想去北京玩"),
        ("A123", "帮我查一下用户A123的订单"),
        ("tom@qq.com", "发到tom@qq.com吧"),
        ("password123", "비밀번호는 password123이에요."),
        ("john@example.com", "이메일은 john@example.com이고"),
        ("5678", "5678번 주문"),
        ("M8812", "会員番号はM8812です"),
        ("som@x.co.th", "อีเมลของฉันคือsom@x.co.thครับ"),
        (
            "please leave the parcel at the back door near the garden",
            "leave the parcel at the garden's back door",
        ),
    ],
)
def test_what_the_user_said_in_any_form_is_a_source(value: JsonValue, user: str) -> None:
    source = source_of(value, user=user)
    assert grade(source) == CERTAIN
    assert source is not None
    assert source.turn == (0 if source.how == "date shift" and "today" in user else 1)


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("2026-03-06", "next Friday"),
        ("2026-03-13", "on Friday"),
        ("2026-04-05", "on Easter"),
        (360, "3 rooms at 120 each"),
        ("EUR", "in euros"),
        ("todo.txt", "Add it to my todo list."),
    ],
)
def test_what_people_may_read_differently_is_unsure(value: JsonValue, user: str) -> None:
    assert grade(source_of(value, user=user)) == UNSURE


@pytest.mark.parametrize(
    ("value", "user", "name"),
    [
        ("O4411", "Cancel my order.", "order_id"),
        ("O441", "Cancel my order O4411.", "order_id"),
        ("O4411", "Cancel my order O441.", "order_id"),
        (180, "A hotel in Rome.", "max_price"),
        ("Paris", "A hotel in Rome.", "city"),
        ("2026-05-20", "on March 14th", "date"),
        ("2019-03-14", "on March 14th", "date"),
        ("19:45", "at 6:30 pm", "time"),
        ("jane.doe@example.com", "My email is mia.li@example.com.", "email"),
        (4417, "I owe 44 for 17 days", "account_number"),
        ("Saturday", "on weekdays", "day"),
        ("mon", "from Tue to Fri", "day"),
        (11, "seis personas", "guests"),
        ("the customer would like to complain about a very rude waiter", "A table for two.", "note"),
    ],
)
def test_what_nobody_said_has_no_source(value: JsonValue, user: str, name: str) -> None:
    assert source_of(value, user=user, name=name) is None


@pytest.mark.parametrize(
    ("value", "observed", "path"),
    [
        ("B71", {"bookings": [{"id": "B70"}, {"id": "B71"}]}, "$.bookings[1].id"),
        ("credit_card_44", {"payment": {"credit_card_44": {"brand": "visa"}}}, "$.payment.credit_card_44"),
        (4490, [{"price_cents": 4490}], "$[0].price_cents"),
        ("78750", {"zip": 78750}, "$.zip"),
        (78750, {"zip": "78750"}, "$.zip"),
        ("x", {"odd key": {"it's": "x"}}, "$['odd key']['it\\'s']"),
    ],
)
def test_a_leaf_of_an_earlier_result_is_a_source_with_its_path(
    value: JsonValue, observed: JsonValue, path: str
) -> None:
    source = source_of(value, observed=observed)
    assert source == Source(kind=SourceKind.OBSERVATION, how="value", turn=3, path=path)


@pytest.mark.parametrize(
    ("value", "observed"),
    [
        ("B71", "Your booking B71 is confirmed."),
        (71, "There are 71 seats left."),
        (44.9, {"price_cents": 4490}),
        (5, {"free": 2, "taken": 3}),
        ("2026-03-14", {"departs": "2026-03-14T18:30:00"}),
        ("2026-03-16", {"departs": "2026-03-14T18:30:00", "nights": 2}),
    ],
)
def test_results_are_read_and_computed_with(value: JsonValue, observed: JsonValue) -> None:
    user = "Two nights after it, please." if value == "2026-03-16" else "Please help me."
    assert grade(source_of(value, observed=observed, user=user)) == CERTAIN


@pytest.mark.parametrize(
    ("value", "schema", "kind"),
    [
        (True, {"type": "boolean"}, SourceKind.CONSTANT),
        (None, {}, SourceKind.CONSTANT),
        (1, {"type": "integer"}, SourceKind.CONSTANT),
        ("", {"type": "string"}, SourceKind.CONSTANT),
        (20, {"type": "integer", "default": 20}, SourceKind.DEFAULT),
        (50, {"type": "integer", "maximum": 50}, SourceKind.DEFAULT),
        ("economy", {"enum": ["economy", "business"]}, SourceKind.ENUM),
        ("celsius", {"const": "celsius"}, SourceKind.ENUM),
    ],
)
def test_the_schema_and_values_without_information_are_sources(
    value: JsonValue, schema: Any, kind: SourceKind
) -> None:
    source = source_of(value, schema=schema)
    assert source is not None
    assert (source.kind, source.certain) == (kind, True)


def test_the_system_prompt_is_a_source() -> None:
    source = source_of("desk-7", system="You are at desk-7.")
    assert source is not None
    assert (source.kind, source.turn) == (SourceKind.SYSTEM, 0)


def test_what_only_the_assistant_said_is_unsure_and_counts_once_the_user_answered() -> None:
    source = source_of("O4411", name="order_id", assistant="Shall I cancel O4411?")
    assert source is not None
    assert (source.kind, source.certain) == (SourceKind.ASSISTANT, False)
    messages = (
        Message(role="user", text="Cancel my order."),
        Message(
            role="assistant",
            text="I cancel O4411.",
            calls=(RecordedCall(name="t", arguments={"order_id": "O4411"}),),
        ),
        Message(role="tool", value="O4411 is cancelled"),
    )
    assert trace(Transcript(id="x", messages=messages))[1, 0, "$.order_id"] is None


def test_a_later_message_is_no_source() -> None:
    messages = (
        Message(role="user", text="Cancel my order."),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={"order_id": "O9"}),)),
        Message(role="tool", value={"order_id": "O9"}),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={"order_id": "O9"}),)),
        Message(role="user", text="It is O9."),
    )
    found = trace(Transcript(id="x", messages=messages))
    assert found[1, 0, "$.order_id"] is None
    assert found[3, 0, "$.order_id"] is not None


def test_nested_arguments_are_traced_leaf_by_leaf() -> None:
    messages = (
        Message(role="user", text="Two tickets for Mia."),
        Message(
            role="assistant",
            calls=(RecordedCall(name="t", arguments={"p": [{"first": "Mia", "n": 2}, {"first": "Bo"}]}),),
        ),
    )
    found = trace(Transcript(id="x", messages=messages))
    assert {site.path: grade(source) for site, source in found.items()} == {
        "$.p[0].first": CERTAIN,
        "$.p[0].n": CERTAIN,
        "$.p[1].first": NONE,
    }
    assert [site.path for site in found.ungrounded] == ["$.p[1].first"]


def test_the_trace_is_kept_as_plain_json() -> None:
    messages = (
        Message(role="user", text="Cancel O17."),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={"id": "O17", "other": "O18"}),)),
    )
    written = as_metadata(trace(Transcript(id="x", messages=messages)))
    assert json.loads(json.dumps(written)) == [
        {
            "turn": 1,
            "call": 0,
            "path": "$.id",
            "value": "O17",
            "source": {"kind": "user", "how": "words", "certain": True, "turn": 0},
        },
        {"turn": 1, "call": 0, "path": "$.other", "value": "O18", "source": None},
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("order_id", "abc", True),
        ("orderId", "abc", True),
        ("id", 7, True),
        ("zip_code", "78704", True),
        ("account_number", 12345, True),
        ("page_number", 2, False),
        ("country_code", "US", False),
        ("reference", "GIFT-5530", True),
        ("note", "HAT136", True),
        ("valid", "abc", False),
        ("paid", "later", False),
        ("size", "10cm", False),
        ("date", "2026-03-14", False),
        ("text", "see order O17", False),
        ("id", True, False),
    ],
)
def test_identifiers_are_told_by_the_parameter_or_the_looks(name: str, value: Any, expected: bool) -> None:
    assert is_identifier(name, value) is expected


IDS = st.from_regex(r"[A-Z]{1,3}[0-9]{4,7}", fullmatch=True)
WORDS = st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=8), min_size=1, max_size=12)


@given(value=IDS, words=WORDS, data=st.data())
def test_an_identifier_is_grounded_exactly_if_it_was_said(
    value: str, words: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(words)))
    written = data.draw(st.sampled_from([value, value.lower(), f"#{value}", f"({value})."]))
    said = " ".join([*words[:at], written, *words[at:]])
    assert grade(source_of(value, user=said, name="order_id")) == CERTAIN
    assert source_of(value, user=" ".join(words), name="order_id") is None


@given(value=IDS, other=IDS)
def test_another_identifier_is_no_source(value: str, other: str) -> None:
    assume(value != other)
    assert source_of(value, user=f"Look at {other}.", observed={"id": other}, name="order_id") is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON, user=st.text(max_size=60), observed=JSON)
def test_every_scalar_of_any_arguments_gets_an_answer(value: Any, user: str, observed: Any) -> None:
    messages = (
        Message(role="user", text=user),
        Message(role="tool", value=observed),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={"a": value}),)),
    )
    found = trace(Transcript(id="x", messages=messages))
    assert len(as_metadata(found)) == len(found)


@given(value=JSON)
def test_what_a_result_held_is_always_grounded(value: Any) -> None:
    messages = (
        Message(role="tool", value=value),
        Message(role="assistant", calls=(RecordedCall(name="t", arguments={"a": value}),)),
    )
    assert trace(Transcript(id="x", messages=messages)).ungrounded == ()
