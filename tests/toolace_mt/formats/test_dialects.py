"""Every dialect reads its own small file as the same dialogue, and writes what it can read again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.checks import check_transcript
from toolace_mt.formats import (
    FORMATS,
    FormatError,
    NotWritableError,
    Unreadable,
    WritableFormat,
    find_format,
    read,
    writable,
)
from toolace_mt.transcript import DeclaredTool, Message, Place, RecordedCall, Transcript

DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
PLACE = Place(file="f", record=0)
ARGUMENTS = {"city": "Lund", "days": 2}
FILES = {
    "sharegpt": "sharegpt.json",
    "openai": "typed_parts.jsonl",
    "hermes": "hermes.jsonl",
    "toolace": "toolace.jsonl",
    "xlam": "xlam.json",
    "tau2-tasks": "tau2_tasks.json",
    "tau2-results": "tau2_results.json",
    "toolbench": "toolbench.json",
    "react": "react.json",
    "routed": "routed.json",
    "glaive": "glaive.json",
    "anthropic": "anthropic.json",
    "gemini": "gemini.json",
    "responses": "responses.json",
}


def only(path: Path, **options: Any) -> Transcript:
    (found,) = read(path, **options)
    assert isinstance(found, Transcript), found
    return found


def calls(transcript: Transcript) -> list[RecordedCall]:
    return [call for message in transcript.messages for call in message.calls]


@pytest.mark.parametrize(("dialect", "file"), FILES.items())
def test_a_file_is_detected_and_its_one_call_is_read_with_typed_arguments(dialect: str, file: str) -> None:
    found = only(DATASETS / file)
    named = only(DATASETS / file, format=dialect)
    assert found == named
    assert [call.arguments for call in calls(found)] == [ARGUMENTS]


@pytest.mark.parametrize(
    "file",
    [
        "sharegpt.json",
        "typed_parts.jsonl",
        "hermes.jsonl",
        "toolbench.json",
        "react.json",
        "glaive.json",
        "anthropic.json",
        "gemini.json",
        "responses.json",
        "tool_turns.json",
    ],
)
def test_a_dialogue_has_the_same_turns_in_every_dialect_that_records_results(file: str) -> None:
    messages = [message for message in only(DATASETS / file).messages if message.role != "system"]
    assert [message.role for message in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[2].value == {"city": "Lund", "sky": "rain"}
    assert messages[3].text == "It will rain in Lund."


MARKED = [json.loads(line)["id"] for line in (DATASETS / "marks.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("mark", MARKED)
def test_a_call_in_a_models_own_marks_is_read_and_nothing_of_it_is_said(mark: str) -> None:
    found = next(
        one for one in read(DATASETS / "marks.jsonl") if isinstance(one, Transcript) and one.id == mark
    )
    in_xml = mark in ("invoke", "qwen-coder", "glm")
    assert [call.arguments for call in calls(found)] == [{**ARGUMENTS, "days": "2"} if in_xml else ARGUMENTS]
    assert [call.name for call in calls(found)] == ["get_weather"]
    assert [message.text for message in found.messages if message.role == "assistant"] == [
        None,
        "It will rain in Lund.",
    ]
    assert {finding.rule for finding in check_transcript(found)} == set()


@pytest.mark.parametrize(
    ("said", "raw"),
    [
        ("[TOOL_CALLS] [{", "[{"),
        ("[TOOL_CALLS]f[ARGS]{1", "{1"),
        ("<|python_tag|>f(", "f("),
        ("<|tool_call|>{1", "{1"),
    ],
)
def test_what_follows_a_mark_and_is_no_call_cannot_be_parsed(said: str, raw: str) -> None:
    record: dict[str, Any] = {
        "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": said}]
    }
    (call,) = calls(find_format("marks").read(record, PLACE))
    assert (call.arguments, call.raw) == (None, raw)


def test_one_pair_of_hermes_tags_may_hold_several_calls() -> None:
    listed = [{"name": "f", "arguments": {"n": number}} for number in (1, 2)]
    said = f"<tool_call>{json.dumps(listed)}</tool_call>"
    record: dict[str, Any] = {
        "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": said}]
    }
    assert [call.arguments for call in calls(find_format("hermes").read(record, PLACE))] == [
        {"n": 1},
        {"n": 2},
    ]


def test_json_that_is_said_where_no_tool_is_declared_is_no_call() -> None:
    record = json.loads((DATASETS / "marks.jsonl").read_text().splitlines()[MARKED.index("bare")])
    del record["tools"]
    assert not find_format("marks").detect(record)


@pytest.mark.parametrize(
    "prose", ["within <tools></tools> XML tags:", "within <tools> </tools> tags.", "inside <tools> tags."]
)
def test_a_prompt_that_speaks_of_its_tags_still_declares_its_tools(prose: str) -> None:
    record = json.loads((DATASETS / "hermes.jsonl").read_text())
    prompt = record["conversations"][0]
    expected = find_format("hermes").read(record, PLACE).tools
    prompt["value"] = (
        f"You are given functions {prose}\n{prompt['value']}\nAnswer within <tool_call></tool_call>."
    )
    assert find_format("hermes").read(record, PLACE).tools == expected
    assert expected


@pytest.mark.parametrize("one", [True, False])
def test_of_a_preference_pair_the_chosen_dialogue_is_read(tmp_path: Path, one: bool) -> None:
    asked = {"role": "user", "content": "Weather?"}
    good, bad = ({"role": "assistant", "content": text} for text in ("It rains.", "Bah."))
    pair = {"prompt": [asked], "chosen": good if one else [good], "rejected": bad}
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(pair))
    assert [message.text for message in only(path).messages] == ["Weather?", "It rains."]


def test_a_preference_pair_of_turns_keeps_its_container(tmp_path: Path) -> None:
    said = {"from": "human", "value": "Weather?"}
    good, bad = ({"from": "gpt", "value": text} for text in ("It rains.", "Bah."))
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"conversations": [said], "chosen": good, "rejected": bad}))
    assert [message.text for message in only(path).messages] == ["Weather?", "It rains."]


def test_a_call_inside_a_thought_is_no_call() -> None:
    assert [call.name for call in calls(only(DATASETS / "hermes.jsonl"))] == ["get_weather"]


def test_a_tool_name_may_hold_blanks_slashes_dots_and_brackets() -> None:
    found = only(DATASETS / "toolace.jsonl")
    assert [call.name for call in calls(found)] == ["Weather/Get v2.1 (daily)"]
    assert found.tools is not None
    assert found.tools[0].respelled == ()


@pytest.mark.parametrize("dialect", ["glaive", "anthropic", "gemini"])
def test_a_file_is_written_as_it_was_read(dialect: str) -> None:
    found = only(DATASETS / f"{dialect}.json")
    known = writable(find_format(dialect))
    again = known.read(json.loads(json.dumps(known.write(found))), PLACE)
    assert (again.messages, again.tools) == (found.messages, found.tools)


def test_an_error_block_is_a_failure_and_what_follows_the_results_is_said() -> None:
    record = json.loads((DATASETS / "anthropic.json").read_text())[0]
    blocks = record["messages"][2]["content"]
    blocks[0] |= {"is_error": True, "content": "no such city"}
    blocks.append({"type": "text", "text": "Try Malmo."})
    messages = find_format("anthropic").read(record, PLACE).messages
    assert messages[3].value == {"error": "no such city"}
    assert (messages[4].role, messages[4].text) == ("user", "Try Malmo.")


def test_a_refusal_is_what_the_assistant_says() -> None:
    record: dict[str, Any] = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "refusal": "No."},
        ]
    }
    assert find_format("openai").read(record, PLACE).messages[1].text == "No."


def test_a_simulated_user_who_only_acts_says_nothing() -> None:
    record = json.loads((DATASETS / "tau2_results.json").read_text())["simulations"][0]
    before = find_format("tau2-results").read(record, PLACE).messages
    act = {"role": "user", "content": None, "tool_calls": [{"id": "u", "name": "toggle", "arguments": {}}]}
    record["messages"].insert(1, act)
    assert find_format("tau2-results").read(record, PLACE).messages == before


def test_labels_of_calls_written_as_text_are_kept() -> None:
    output = [
        {"name": "add", "label": "$var_1", "arguments": {"a": 1}},
        {"name": "double", "arguments": {"a": "$var_1.result$"}},
    ]
    record = {"input": "Add 1, then double.", "output": json.dumps(output)}
    assert [call.gives for call in calls(find_format("nestful").read(record, PLACE))] == [("var_1",), ()]


TEXT = {"type": "string"}
QUESTION: dict[str, Any] = {
    "id": "simple_1",
    "question": [[{"role": "user", "content": "Weather in Lund?"}]],
    "function": [{"name": "get_weather", "parameters": {"city": TEXT, "unit": TEXT}}],
}


def test_answers_of_bfcl_are_found_in_a_folder_beside_the_questions_folder(tmp_path: Path) -> None:
    for folder, record in (
        ("question", QUESTION),
        ("possible_answer", {"id": "simple_1", "ground_truth": [{"get_weather": {"city": ["Lund"]}}]}),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "simple.json").write_text(json.dumps(record))
    assert [call.arguments for call in calls(only(tmp_path / "question" / "simple.json"))] == [
        {"city": "Lund"}
    ]


def test_answers_that_are_words_and_no_calls_are_said() -> None:
    record = {**QUESTION, "ground_truth": ["Rain", "It rains"]}
    found = find_format("bfcl").read(record, PLACE)
    assert (found.messages[-1].role, found.messages[-1].text, calls(found)) == (
        "assistant",
        "Rain / It rains",
        [],
    )


def test_all_values_that_an_answer_accepts_are_kept() -> None:
    truth = [{"get_weather": {"city": ["Lund", "Lund, Sweden"], "unit": ["", "celsius"]}}]
    (call,) = calls(find_format("bfcl").read({**QUESTION, "ground_truth": truth}, PLACE))
    assert (call.arguments, call.others) == (
        {"city": "Lund"},
        ({"city": "Lund, Sweden", "unit": "celsius"}, {"city": "Lund, Sweden", "unit": ""}),
    )


def test_a_chance_written_as_a_division_is_a_number() -> None:
    (call,) = calls(find_format("bfcl").read({**QUESTION, "ground_truth": ["draw(p=1/4)"]}, PLACE))
    assert call.arguments == {"p": 0.25}


def test_answers_of_bfcl_are_taken_from_the_folder_beside_and_positional_ones_get_names() -> None:
    single = only(DATASETS / "bfcl" / "simple.json")
    assert [call.arguments for call in calls(single)] == [ARGUMENTS]
    several = only(DATASETS / "bfcl" / "multi_turn.json")
    assert [call.arguments for call in calls(several)] == [
        {"folder": "notes"},
        {"file_name": "plan.txt"},
        {"file_name": "plan.txt", "lines": 3},
    ]
    assert [message.role for message in several.messages] == [
        "user",
        "assistant",
        "assistant",
        "user",
        "assistant",
    ]


def test_lines_that_are_single_messages_are_one_dialogue() -> None:
    found = only(DATASETS / "api_bank" / "QueryWeather-level-1-1.jsonl")
    assert [message.role for message in found.messages] == ["user", "assistant", "tool", "assistant"]
    assert found.messages[1].text == "Let me look."


def test_tools_come_from_the_named_schema_file_where_a_record_declares_none() -> None:
    folder = DATASETS / "api_bank"
    file = folder / "QueryWeather-level-1-1.jsonl"
    assert only(file).tools is None
    tools = only(file, tools=folder / "api_schemas.json").tools
    assert tools is not None
    assert tools[0].parameters == {
        "type": "object",
        "properties": {
            "city": {"description": "City", "type": "string"},
            "days": {"description": "Days", "type": "integer"},
        },
    }


def test_each_instruction_of_an_api_is_a_dialogue_with_tools_from_its_document() -> None:
    found = only(DATASETS / "toolalpaca.json")
    assert found.id == "Weather/0"
    assert [call.arguments for call in calls(found)] == [
        {"city": "Lund"},
        {"stationId": "${stationId from findStation}", "days": 2},
    ]
    assert found.tools is not None
    assert [tool.name for tool in found.tools] == ["findStation", "getWeather", "getDetails"]


def test_one_message_with_two_results_answers_two_calls() -> None:
    roles = [message.role for message in only(DATASETS / "complexfuncbench.json").messages]
    assert roles == ["user", "assistant", "tool", "tool", "assistant"]


def test_a_shape_of_ones_own_is_read_by_its_mapping_file(tmp_path: Path) -> None:
    found = only(DATASETS / "own_shape.jsonl", format=str(DATASETS / "own_shape.yaml"))
    assert found.id == "x1"
    assert [message.role for message in found.messages] == ["user", "assistant", "tool", "assistant"]
    assert calls(found)[0].arguments == ARGUMENTS
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("messages: turns\nspeaker: who\n")
    with pytest.raises(FormatError, match=r"wrong\.yaml: speaker: Extra inputs"):
        find_format(str(wrong))


WORDS = st.text(st.sampled_from("abc de.?"), min_size=1, max_size=12).map(str.strip).filter(bool)
NAMES = st.sampled_from(["find", "get_order", "Search.v2", "Weather Now"])
VALUES = st.one_of(
    st.integers(-9, 99), st.booleans(), st.none(), WORDS, st.lists(st.integers(0, 9), max_size=2)
)
CALLS = st.builds(  # not of the class itself: hypothesis would also draw what has a default
    lambda name, arguments: RecordedCall(name=name, arguments=arguments),
    NAMES,
    st.dictionaries(st.sampled_from(["a", "b_c", "d"]), VALUES, max_size=2),
)


@st.composite
def dialogues(draw: st.DrawFn) -> Transcript:
    """Dialogues that every writable dialect can hold, but for several calls in one message."""
    messages: list[Message] = [Message(role="user", text=draw(WORDS))]
    for _ in range(draw(st.integers(0, 2))):
        messages.append(Message(role="assistant", calls=(draw(CALLS),)))
        messages.append(Message(role="tool", value={"r": draw(VALUES)}))
    messages.append(Message(role="assistant", text=draw(WORDS)))
    tool = DeclaredTool(name="find", description="x", parameters={"type": "object", "properties": {}})
    return Transcript(id="d", messages=tuple(messages), tools=(tool,), place=PLACE)


def plain(messages: tuple[Message, ...]) -> list[Any]:
    return [(m.role, m.text, [(c.name, c.arguments) for c in m.calls], m.value) for m in messages]


@pytest.mark.parametrize(
    "dialect", ["openai", "sharegpt", "hermes", "toolace", "react", "api-bank", "anthropic", "gemini"]
)
@given(transcript=dialogues())
def test_what_a_dialect_wrote_reads_as_the_same_dialogue(dialect: str, transcript: Transcript) -> None:
    known = writable(find_format(dialect))
    again = known.read(json.loads(json.dumps(known.write(transcript))), PLACE)
    assert plain(again.messages) == plain(transcript.messages)


@pytest.mark.parametrize("dialect", ["xlam", "nestful", "seal-tools"])
@given(asked=WORDS, made=st.lists(CALLS, max_size=3))
def test_answer_keys_read_as_the_same_calls(dialect: str, asked: str, made: list[RecordedCall]) -> None:
    known = writable(find_format(dialect))
    answer = (Message(role="assistant", calls=tuple(made)),) if made else ()
    written = known.write(Transcript(id="d", messages=(Message(role="user", text=asked), *answer)))
    again = known.read(json.loads(json.dumps(written)), PLACE)
    assert [(c.name, c.arguments) for c in calls(again)] == [(c.name, c.arguments) for c in made]
    assert again.messages[0].text == asked


def test_a_dialect_that_holds_more_than_a_dialogue_is_read_only() -> None:
    with pytest.raises(NotWritableError, match="bfcl is read only; these can be written: toolace-mt"):
        writable(find_format("bfcl"))


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["messages", "conversations", "from", "role", "value", "content", "tools", "name", "arguments",
             "query", "answers", "calling", "output", "input", "question", "function", "ground_truth", "id",
             "parameters", "properties", "type", "tree", "answer_generation", "text", "api_name"]
        ),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(record=JSON)
def test_nonsense_in_any_dialect_is_a_reason_and_not_a_crash(record: Any, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("n") / "f.jsonl"
    path.write_text(json.dumps([record]))
    for dialect in ("auto", *(known.name for known in FORMATS)):
        assert all(isinstance(found, (Transcript, Unreadable)) for found in read(path, format=dialect))


def test_every_writable_dialect_says_so() -> None:
    names = {known.name for known in FORMATS if isinstance(known, WritableFormat)}
    assert names == {
        "toolace-mt", "openai", "sharegpt", "hermes", "toolace", "react", "api-bank", "xlam", "nestful",
        "seal-tools", "glaive", "anthropic", "gemini",
    }  # fmt: skip


def openai(*messages: dict[str, Any], tools: Any = None) -> Transcript:
    record = {"id": "d", "messages": [{"role": "user", "content": "Do it."}, *messages], "tools": tools}
    return find_format("openai").read(record, PLACE)


def test_a_custom_tool_takes_its_text_as_input() -> None:
    tools = [{"type": "custom", "custom": {"name": "run_code", "description": "Runs code."}}]
    call = {"id": "c1", "type": "custom", "custom": {"name": "run_code", "input": "print(1)"}}
    read = openai(
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "assistant", "content": "It printed 1."},
        tools=tools,
    )
    assert read.messages[1].calls == (
        RecordedCall(name="run_code", arguments={"input": "print(1)"}, id="c1"),
    )
    assert [finding.rule for finding in check_transcript(read) if finding.rule < "TA4"] == []


@pytest.mark.parametrize(
    ("content", "values"), [("[1, 2]", [1, 2]), ('"done"', ["done", "done"]), ("[1]", [[1], [1]])]
)
def test_calls_that_were_written_as_one_are_read_as_several(content: str, values: list[Any]) -> None:
    uses = [{"recipient_name": f"functions.get_{x}", "parameters": {"x": x}} for x in "ab"]
    function = {"name": "multi_tool_use.parallel", "arguments": json.dumps({"tool_uses": uses})}
    read = openai(
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "c1", "content": content},
        {"role": "assistant", "content": "It is done."},
    )
    assert [(call.name, call.arguments) for call in read.messages[1].calls] == [
        ("get_a", {"x": "a"}),
        ("get_b", {"x": "b"}),
    ]
    assert [message.value for message in read.messages if message.role == "tool"] == values
    assert [finding.rule for finding in check_transcript(read) if finding.rule < "TA2"] == []


def test_a_request_without_a_response_is_unanswered() -> None:
    entry: dict[str, Any] = {"request": {"api_name": "Get", "parameters": {}}}
    said: dict[str, Any] = {"role": "assistant", "text": "Done.", "apis": [entry]}
    turns: list[Any] = [{"role": "user", "text": "Do it."}, said]
    read = find_format("tooltalk").read({"conversation": turns}, PLACE)
    assert "TA103" in [finding.rule for finding in check_transcript(read)]


def test_a_record_with_two_lists_of_messages_cannot_be_read(tmp_path: Path) -> None:
    said = '"messages": [{"role": "user", "content": "Hi."}]'
    file = tmp_path / "d.jsonl"
    file.write_text(f'{{"id": "a", {said}, {said}}}\n{{"id": "b", {said}, "metadata": {{{said}}}}}\n')
    first, second = read(file)
    assert isinstance(first, Unreadable)
    assert "'messages' stands twice" in first.reason
    assert isinstance(second, Transcript)
