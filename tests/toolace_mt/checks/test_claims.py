"""What the assistant tells after a result stands in what came before, or follows from it."""

from typing import Any

import pytest

from toolace_mt.checks import check_transcript
from toolace_mt.transcript import Message, RecordedCall, Transcript

RESULT = {
    "order_id": "W4410",
    "lines": [{"cents": 1999, "count": 3}, {"cents": 500, "count": 1}],
    "total": 64.97,
    "rates": [0.0825],
}


def rules(
    told: str, *, user: str = "How much is my order W4410? I have $100.", value: Any = RESULT
) -> set[str]:
    messages = (
        Message(role="user", text=user),
        Message(role="assistant", calls=(RecordedCall(name="get_order", arguments={"order_id": "W4410"}),)),
        Message(role="tool", value=value),
        Message(role="assistant", text=told),
    )
    return {finding.rule for finding in check_transcript(Transcript(id="x", messages=messages))}


@pytest.mark.parametrize(
    "told",
    [
        "Order W4410 costs $64.97.",
        "Order #W4410 has a lamp for $19.99 and a shade for $5.",
        "Three lamps are $59.97, and $5.00 the shade.",
        "After it you have $35.03 left.",
        "Lamp and shade are $24.99 together.",
        "I can tell you more on 12 March, in 30 minutes, at 25 percent.",
        "It is order W-4410.",
    ],
)
def test_what_the_results_say_or_give_when_computed_with_may_be_told(told: str) -> None:
    assert rules(told) == set()


@pytest.mark.parametrize(
    "told",
    [
        "Order W4411 costs $64.97.",
        "Order W4410 costs $64.79.",
        "It is €93.12 in all.",
        "Your ticket is TCK-88.",
        "Your tickets are #W4411, and (W4410) is the old one.",
        "The order x#W4411 is next.",
        "The lamp costs $19.99 and the shade $77.13.",
    ],
)
def test_an_identifier_or_amount_from_nowhere_is_found(told: str) -> None:
    assert rules(told) == {"TA405"}


@pytest.mark.parametrize(
    "told", ["See orders/W4411.", "Write to me@W4411.", "It is W4411-b.", "It is w4411."]
)
def test_a_part_of_a_longer_word_is_no_identifier(told: str) -> None:
    assert rules(told) == set()


def test_that_something_is_true_is_not_one_dollar() -> None:
    assert rules("The rest is $1.07.", user="My order W4410?", value={"paid": True, "left": [1.07]}) == set()
    assert rules("The rest is $2.17, or $1.", user="My order W4410?", value={"paid": True, "at": 2.17}) == {
        "TA405"
    }


CART = {"items": [{"price": 19.99, "quantity": 3}, {"price": 5.49, "quantity": 2}], "tax_rate": 0.0825}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"worth": 2984512000000}, "It is worth about $2.98 trillion."),
        ({"revenue": 45200000000}, "Revenue was $45.2 billion, or $45.2B."),
        ({"usd": 1600000}, "It costs $1.6 million, that is $1.6M."),
        ({"usd": 325400}, "It costs about $325,000, say $325k."),
        ({"usd": 2412000}, "It costs over $2 million."),
        ({"usd": 12.4978}, "It costs $12.50."),
        ({"usd": 0.08312}, "It costs $0.083."),
        ({"prices": [10.0, 12.0, 17.0]}, "The average price is $13.00."),
        ({"yearly_usd": 120}, "That is just $10 a month."),
        ({"usd": 2100, "days": 7}, "That is $300.00 a day."),
        ({"rent": 1200, "food": 430.5, "gas": 88.2, "fun": 140}, "Together that is $1,858.70."),
        (CART, "The subtotal is $70.95, the tax $5.85, the total $76.80."),
        (
            {"loan": 200000, "years": 30, "monthly": 1073.64},
            "You pay $386,510.40 in all, of which $186,510.40 is interest.",
        ),
    ],
)
def test_what_is_rounded_scaled_or_computed_from_results_may_be_told(value: Any, told: str) -> None:
    assert rules(told, user="My order W4410?", value=value) == set()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"worth": 2984512000000}, "It is worth $2.89 trillion."),
        ({"usd": 1600000}, "It costs $1.7 million."),
        ({"usd": 325400}, "It costs about $335,000."),
        ({"usd": 325400}, "It costs $325,000."),
        ({"usd": 12.4978}, "It costs $12.54."),
        (CART, "The subtotal is $71.95."),
        ({"rent": 1200, "food": 430.5, "gas": 88.2, "fun": 140}, "Together that is $1,858.80."),
    ],
)
def test_what_is_rounded_or_computed_wrongly_is_found(value: Any, told: str) -> None:
    assert rules(told, user="My order W4410?", value=value) == {"TA405"}


def test_before_any_result_the_assistant_speaks_from_what_it_knows() -> None:
    messages = (
        Message(role="user", text="What is a fair price?"),
        Message(role="assistant", text="About $45.50."),
    )
    assert check_transcript(Transcript(id="x", messages=messages)) == ()


@pytest.mark.parametrize("paid", [-33000, -330.0, "-330.00", "-$330.00"])
@pytest.mark.parametrize("told", ["-$330.00", "$330.00", "\u2212$330.00", "($330.00)"])
def test_what_was_paid_may_stand_below_zero_in_a_result(paid: Any, told: str) -> None:
    value = {"payments": [{"text": "Rope", "amount": paid}, {"text": "Charter", "amount": 420000}]}
    user = "What was paid for W4410?"
    assert rules(f"It was {told} for rope, and you got $4,200.00.", user=user, value=value) == set()
    assert rules(f"It was {told} for rope, and you got $4,300.00.", user=user, value=value) == {"TA405"}
