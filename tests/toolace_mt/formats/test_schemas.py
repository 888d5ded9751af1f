"""Tool schemas of every dialect become JSON Schema, and what is JSON Schema already stays."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.formats.call_text import bracket_calls, loose_value, python_call
from toolace_mt.formats.json_text import NotJsonError
from toolace_mt.formats.schemas import normal_parameters
from toolace_mt.formats.tools import SharedTools, read_tools
from toolace_mt.formats.type_names import spelled_type
from toolace_mt.transcript import DeclaredTool, JsonValue


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("dict", {"type": "object"}),
        ("float", {"type": "number"}),
        ("int", {"type": "integer"}),
        ("tuple", {"type": "array"}),
        ("any", {}),
        ("String", {"type": "string"}),
        ("HashMap", {"type": "object"}),
        ("ArrayList", {"type": "array"}),
        ("long", {"type": "integer"}),
        ("list(str)", {"type": "array", "items": {"type": "string"}}),
        ("str, optional", {"type": "string"}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("List[Dict[str, int]]", {"type": "array", "items": {"type": "object"}}),
        ("Optional[str]", {"type": ["string", "null"]}),
        ("Union[int, float]", {"type": ["integer", "number"]}),
        ("str | None", {"type": ["string", "null"]}),
        ("string[]", {"type": "array", "items": {"type": "string"}}),
        ("strnig", None),
        ("string", None),
    ],
)
def test_a_type_of_another_language_means_this(written: str, meant: Any) -> None:
    assert spelled_type(written) == meant


@pytest.mark.parametrize(
    ("tool", "required"),
    [
        ({"parameters": {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]}}, ["a"]),
        ({"parameters": {"a": {"type": "str"}, "b": {"type": "str"}}, "required": ["a"]}, ["a"]),
        (
            {"parameters": {"a": {"type": "str", "required": True}, "b": {"type": "str", "required": False}}},
            ["a"],
        ),
        ({"parameters": {"type": "object", "properties": {"a": {}, "b": {}}, "optional": ["b"]}}, ["a"]),
        (
            {
                "required_parameters": [{"name": "a", "type": "STRING"}],
                "optional_parameters": [{"name": "b", "type": "NUMBER"}],
            },
            ["a"],
        ),
    ],
)
def test_requiredness_is_found_wherever_it_stands(tool: Any, required: list[str]) -> None:
    (found,) = read_tools([{"name": "f", "description": "", **tool}]) or ()
    assert found.parameters is not None
    assert found.parameters["required"] == required
    assert found.parameters["type"] == "object"


def test_without_a_default_a_flat_parameter_is_required_where_the_dialect_says_so() -> None:
    flat = {"a": {"type": "str"}, "b": {"type": "str", "default": ""}, "c": {"type": "str, optional"}}
    (found,) = read_tools([{"name": "f", "parameters": flat}], default_means_optional=True) or ()
    assert found.parameters is not None
    assert found.parameters["required"] == ["a"]


JSON_SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": ["integer", "null"]}, {"enum": ["a", 1]}, {"const": 2}]),
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda one: {"type": "object", "properties": {"type": one, "x": one}, "required": ["x"]}, inner
        ),
        st.builds(lambda one: {"anyOf": [one, {"type": "null"}]}, inner),
    ),
    max_leaves=6,
)


@given(JSON_SCHEMAS)
def test_json_schema_stays_as_it_is(schema: Any) -> None:
    whole: Any = {"type": "object", "properties": {"p": schema}}
    normal = normal_parameters(whole)
    assert normal.schema == whole
    assert normal.respelled == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "properties", "required", "items", "enum", "anyOf", "optional", "nullable", "x"]
                ),
                inner,
            )
        ),
        max_leaves=15,
    )
)
def test_any_object_is_normalised_without_a_crash_and_twice_is_once(schema: Any) -> None:
    if isinstance(schema, dict):
        normal_parameters(schema)
    once = normal_parameters({"type": "object", "properties": {"p": schema}}).schema
    assert normal_parameters(once).schema == once


def test_a_python_call_gets_names_for_its_positional_arguments() -> None:
    tool = DeclaredTool(name="sort", parameters={"type": "object", "properties": {"file": {}, "down": {}}})
    call = python_call("sort('a.txt', down=True)", {"sort": tool})
    assert call.arguments == {"file": "a.txt", "down": True}
    assert python_call("x.y(-1.5, [1, {'k': None}])", {}).arguments == {"#0": -1.5, "#1": [1, {"k": None}]}
    assert python_call("sort(", {}).arguments is None
    assert python_call("sort(__import__('os'))", {}).arguments is None


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ('[A B(x="1, 2)", y=[1, 2]), C/D.e()]', [("A B", {"x": "1, 2)", "y": [1, 2]}), ("C/D.e", {})]),
        ("[f(a='it\\'s', b={'k': (1, 2)})]", [("f", {"a": "it's", "b": {"k": [1, 2]}})]),
        ("[f(a=Lund)]", [("f", {"a": "Lund"})]),
    ],
)
def test_bracket_calls_are_read_whatever_their_names(text: str, calls: Any) -> None:
    assert [(call.name, call.arguments) for call in bracket_calls(text) or ()] == calls


@pytest.mark.parametrize("text", ["[1, 2]", "[see (1)] and more", '["a(b)"]', "[{}]", "plain", "[link](url)"])
def test_other_text_in_brackets_is_no_call(text: str) -> None:
    assert bracket_calls(text) is None


@given(st.text(max_size=40))
def test_any_text_is_read_as_calls_without_a_crash(text: str) -> None:
    bracket_calls(f"[{text})]")
    python_call(text, {})


def test_unquoted_references_inside_json_are_texts() -> None:
    assert loose_value('{"id": ${id from find}, "n": 1}') == {"id": "${id from find}", "n": 1}
    with pytest.raises(NotJsonError):
        loose_value("{'a': open('f')}")


def test_a_list_that_records_share_is_read_as_the_list_that_it_is() -> None:
    tools: list[JsonValue] = [{"name": "f", "parameters": {"type": "dict", "properties": {}}}]
    assert read_tools(SharedTools(tools), native=True) is read_tools(tools, native=True)
    assert read_tools(SharedTools([])) == () == read_tools([])
