"""What was heard before a turn is gathered once, and found again however it is written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.counting import lines_run
from toolace_mt.checks.claims import check_claims
from toolace_mt.checks.heard import Amounts, Codes, Numbers
from toolace_mt.provenance import compact
from toolace_mt.transcript import Message, RecordedCall, Transcript

CODES = st.from_regex(r"\A#?[A-Z]{0,2}[-_]?[0-9]{2,4}\Z")
TEXTS = st.text("AW#-_ 0123", max_size=12)


LATER = st.sampled_from([0, 100])
"""How many messages say nothing between the texts and the turn that asks."""


def heard_after(later: int, texts: list[str], sought: list[str]) -> Codes:
    said = tuple(Message(role="user", text=text) for text in [*texts, *[""] * later])
    return Codes(said, sought).before(len(said))


@given(LATER, st.lists(TEXTS, max_size=5), st.lists(CODES, min_size=1, max_size=5))
def test_an_identifier_was_written_exactly_if_some_message_holds_its_letters_and_digits(
    later: int, texts: list[str], sought: list[str]
) -> None:
    codes = heard_after(later, texts, sought)
    heard = [compact(text) for text in texts]
    for one in sought:
        assert codes.has(one) == any(compact(one) in text for text in heard)


@given(LATER, st.lists(TEXTS, max_size=5), CODES)
def test_identifiers_are_alike_exactly_if_their_letters_stand_before_two_digits(
    later: int, texts: list[str], sought: str
) -> None:
    codes = heard_after(later, texts, [sought])
    letters = compact(sought).rstrip("0123456789")
    alike = [f"{letters}{number:02}" for number in range(100)]
    assert codes.has_alike(sought) == any(one in compact(text) for text in texts for one in alike)


def test_only_what_stands_before_the_turn_is_heard() -> None:
    messages = (
        Message(role="user", text="I have $3."),
        Message(role="tool", value={"cents": 250, "id": "A12"}),
    )
    amounts, numbers, codes = Amounts(messages), Numbers(messages), Codes(messages, ["A12"])
    assert (amounts.before(1).has(2.5), numbers.before(1).has(2.5), codes.before(1).has("A12")) == (
        False,
        False,
        False,
    )
    assert amounts.before(2).has(2.5)
    assert numbers.before(2).has(2.5)
    assert codes.before(2).has("A12")


@given(LATER, st.lists(st.floats(0, 50).map(lambda number: round(number, 2)) | st.booleans(), max_size=4))
def test_an_amount_is_a_result_exactly_if_a_number_of_a_result_is_it_or_its_hundredth(
    later: int, numbers: list[float]
) -> None:
    results = [Message(role="tool", value={"n": [number]}) for number in numbers]
    said = (*results, *[Message(role="user", text="50 cents")] * later)
    amounts = Amounts(said).before(len(said))
    plain = [number for number in numbers if not isinstance(number, bool)]
    for amount in (0.0, 1.0, 0.5, *plain):
        assert amounts.has(amount) == (amount in plain or round(100 * amount, 6) in plain)


def test_a_number_too_large_for_a_float_is_no_amount() -> None:
    heard = Numbers((Message(role="tool", value={"n": float("inf"), "m": 10**400, "k": 7}),)).before(1)
    assert heard.has(7.0)
    assert not heard.has(8.0)


@pytest.mark.parametrize("kind", ["known", "long known", "unknown", "repeated"])
def test_twice_the_turns_make_twice_the_work(kind: str) -> None:
    assert _lines_run(_told(200, kind)) <= 2.2 * _lines_run(_told(100, kind))


def _told(turns: int, kind: str) -> Transcript:
    messages = [Message(role="user", text="Is there anything?")]
    for number in range(turns):
        call = RecordedCall(name="look", arguments={"at": number})
        value: dict[str, Any] = {"in": {"id": f"R{1000 + number}", "price": number + 0.5}}
        messages += [Message(role="assistant", calls=(call,)), Message(role="tool", value=value)]
        told = {
            "known": f"It is R{1000 + number}, for ${number}.50.",
            "long known": "It is R1000, for $0.50.",
            "unknown": f"Your order is QQ-{9000 + number}, for ${1000000 + 7 * number}.37.",
            "repeated": "Your order is QQ-9000, for $77.37.",
        }[kind]
        messages += [Message(role="assistant", text=told), Message(role="user", text="And now?")]
    return Transcript(id="x", messages=tuple(messages))


def _lines_run(transcript: Transcript) -> int:
    list(check_claims(transcript))  # fills caches
    return lines_run(lambda: list(check_claims(transcript)))
