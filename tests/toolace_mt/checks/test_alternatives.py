"""An answer key's call is judged by the alternative that stands best."""

from typing import Any

import pytest

from toolace_mt.checks import check_transcript, judge
from toolace_mt.formats import find_format
from toolace_mt.transcript import Place, Transcript

PLACE = Place(file="f", record=0)


def answered(truth: list[Any], user: str, *, id: str = "simple_1") -> Transcript:
    properties = {
        "city": {"type": "string"},
        "unit": {"type": "string", "enum": ["celsius", "kelvin"]},
        "days": {"type": "array", "items": {"type": "integer"}},
        "mode": {"type": "integer"},
    }
    parameters = {"type": "dict", "properties": properties, "required": ["city"]}
    record = {
        "id": id,
        "question": [[{"role": "user", "content": user}]],
        "function": [{"name": "get_weather", "description": "Weather.", "parameters": parameters}],
        "ground_truth": truth,
    }
    return find_format("bfcl").read(record, PLACE)


def settled(truth: dict[str, Any], user: str) -> Any:
    return judge(answered([{"get_weather": truth}], user)).pairing.sites[0].call.arguments


@pytest.mark.parametrize(
    ("truth", "arguments"),
    [
        ({"city": ["Lund, SE", "Lund"]}, {"city": "Lund"}),
        ({"city": ["Lund"], "unit": ["fahrenheit", "kelvin"]}, {"city": "Lund", "unit": "kelvin"}),
        ({"city": ["Lund"], "unit": [""]}, {"city": "Lund"}),
        ({"city": ["Lund"], "unit": ["hot", ""]}, {"city": "Lund"}),
        ({"city": ["Lund"], "days": ["", [2]]}, {"city": "Lund", "days": [2]}),
        ({"city": ["Lund"], "days": [[7], [2]]}, {"city": "Lund", "days": [2]}),
    ],
)
def test_each_argument_is_the_acceptable_value_that_fits_and_has_a_source(
    truth: dict[str, Any], arguments: dict[str, Any]
) -> None:
    assert settled(truth, "The weather in Lund for 2 days.") == arguments


def test_a_fault_in_every_alternative_is_found() -> None:
    wrong = answered([{"get_weather": {"city": ["Lund"], "unit": ["hot", "cold"]}}], "The weather in Lund.")
    assert "TA304" in {finding.rule for finding in check_transcript(wrong)}


@pytest.mark.parametrize(
    ("id", "value", "rules"),
    [
        ("simple_java_3", "Modes.FAST", set()),
        ("simple_javascript_3", "fastMode", set()),
        ("simple_java_3", "3", {"TA303"}),
        ("simple_java_3", "true", {"TA303"}),
        ("simple_python_3", "fastMode", {"TA303"}),
    ],
)
def test_a_variable_of_a_program_is_of_any_type_in_answers_about_java_and_javascript(
    id: str, value: str, rules: set[str]
) -> None:
    record = answered(
        [{"get_weather": {"city": ["Lund"], "mode": [value]}}], "The weather in Lund, 3.", id=id
    )
    assert {finding.rule for finding in check_transcript(record)} == rules
