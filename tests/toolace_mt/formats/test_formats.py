"""Dialects read each other's spellings alike, and what is written reads as what it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolace_mt.formats import FORMATS, FormatError, Unreadable, UnreadableFileError, find_format, read
from toolace_mt.formats.openai import OpenAIFormat
from toolace_mt.formats.own import OwnFormat
from toolace_mt.transcript import DeclaredTool, Message, Place, RecordedCall, Setting, Transcript

T = TypeVar("T")
DATASETS = Path(__file__).parents[3] / "fixtures" / "datasets"
PLACE = Place(file="f", record=0)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)


def made(kind: Callable[..., T], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Tuples with names; of their own accord hypothesis would also draw what has a default."""
    return st.fixed_dictionaries(parts).map(lambda given: kind(**given))


CALLS = st.one_of(
    made(RecordedCall, name=NAME, arguments=OBJECTS, id=st.none() | TEXT),
    made(
        RecordedCall, name=NAME, arguments=st.none(), raw=st.sampled_from(["{'a': 1}", "[1]", "f(x)", '"{}"'])
    ),
)
MESSAGES = st.one_of(
    made(Message, role=st.sampled_from(["system", "user", "assistant"]), text=st.none() | TEXT),
    made(
        Message,
        role=st.just("assistant"),
        text=st.none() | TEXT,
        calls=st.lists(CALLS, max_size=3).map(tuple),
    ),
    made(
        Message,
        role=st.just("tool"),
        value=JSON.filter(lambda value: not isinstance(value, list)),
        call_id=st.none() | TEXT,
        name=st.none() | TEXT,
    ),
)
SCHEMAS = st.fixed_dictionaries({"type": st.just("object")}, optional={"title": TEXT, "examples": OBJECTS})
TOOLS = st.builds(DeclaredTool, name=NAME, description=TEXT, parameters=st.none() | SCHEMAS)
EXACT = (OwnFormat(), OpenAIFormat())
SETTINGS = st.builds(
    Setting,
    pack=TEXT,
    world=st.none() | TEXT,
    faults=st.dictionaries(st.integers(0, 99), OBJECTS, max_size=2),
    final_state_digest=st.none() | TEXT,
)
TRANSCRIPTS = st.builds(
    Transcript,
    id=TEXT,
    messages=st.lists(MESSAGES, min_size=1, max_size=5).map(tuple),
    tools=st.none() | st.lists(TOOLS, max_size=3).map(tuple),
    setting=SETTINGS,
    place=st.just(PLACE),
)


@given(TRANSCRIPTS)
def test_our_own_records_read_as_what_was_written(transcript: Transcript) -> None:
    written = json.loads(json.dumps(OwnFormat().write(transcript)))
    assert OwnFormat().read(written, PLACE) == transcript


@given(TRANSCRIPTS)
def test_every_dialect_reads_what_it_wrote_as_the_same_messages(transcript: Transcript) -> None:
    for dialect in EXACT:
        again = dialect.read(json.loads(json.dumps(dialect.write(transcript))), PLACE)
        assert (again.id, again.messages, again.tools) == (
            transcript.id,
            transcript.messages,
            transcript.tools,
        )


@given(TRANSCRIPTS)
def test_what_is_written_is_detected_as_its_own_dialect_first(transcript: Transcript) -> None:
    for dialect in EXACT:
        first = next(known for known in FORMATS if known.detect(dialect.write(transcript)))
        assert first.name == dialect.name


@given(record=JSON)
def test_a_dialect_neither_detects_nor_reads_nonsense_with_a_crash(record: Any) -> None:
    for dialect in FORMATS:
        dialect.detect(record)
        dialect.detect({"messages": record, "tools": record, "metadata": record})


@given(part=JSON)
def test_nonsense_anywhere_in_a_record_is_a_reason_and_not_a_crash(part: Any, tmp_path_factory: Any) -> None:
    call = {"id": part, "function": {"name": "f", "arguments": part}}
    path = tmp_path_factory.mktemp("nonsense") / "f.jsonl"
    records = [
        {"messages": [{"role": "user", "content": part}]},
        {"messages": [{"role": part}]},
        {"messages": [{"role": "user", "content": "x"}], "tools": part},
        {"messages": [{"role": "user", "content": "x"}], "tools": [{"name": "f", "parameters": part}]},
        {"messages": [{"role": "assistant", "tool_calls": part}]},
        {"messages": [{"role": "assistant", "tool_calls": [call]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": part}]}]},
        {"messages": [{"role": "tool", "content": part}]},
        {"messages": [{"role": "user"}], "metadata": {"pack": "p", "world": part, "faults": part}},
        {"messages": part},
    ]
    path.write_text("\n".join(json.dumps(record) for record in records))
    assert len(list(read(path))) == len(records)


def test_all_spellings_of_one_dialogue_read_alike() -> None:
    old, parts, bare = (found for found in read(DATASETS / "openai_spellings.json"))
    assert isinstance(old, Transcript)
    assert isinstance(parts, Transcript)
    assert isinstance(bare, Transcript)
    assert old.tools == parts.tools == bare.tools
    calls = {found.messages[-3].calls[0].name for found in (old, parts, bare)}
    arguments = [found.messages[-3].calls[0].arguments for found in (old, parts, bare)]
    assert calls == {"get_order"}
    assert arguments == [{"order_id": "O17"}] * 3
    assert [found.id for found in (old, parts, bare)] == ["3", "b7", "record-2"]
    assert parts.messages[0] == Message(role="system", text="You are the service desk.")
    assert parts.messages[3].value == "pending"


def test_calls_in_typed_parts_are_calls_and_thoughts_are_not_said(tmp_path: Path) -> None:
    call = {"name": "f", "arguments": {"a": 1}}
    parts: list[dict[str, Any]] = [
        {"type": "reasoning", "value": "I think."},
        {"type": "tool_call", "value": json.dumps(call)},
        {"type": "tool_use", "id": "u1", "name": "f", "input": {"a": 1}},
    ]
    messages = [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": parts}]
    unknown = [{"role": "user", "content": [{"type": "hologram"}]}]
    path = tmp_path / "parts.jsonl"
    path.write_text(f"{json.dumps({'messages': messages})}\n{json.dumps({'messages': unknown})}\n")
    found, refused = read(path)
    assert isinstance(found, Transcript)
    assert isinstance(refused, Unreadable)
    assert [message.text for message in found.messages] == ["[image_url]", None]
    assert [(made.name, made.arguments, made.id) for made in found.messages[1].calls] == [
        ("f", {"a": 1}, None),
        ("f", {"a": 1}, "u1"),
    ]


def test_what_cannot_be_read_comes_in_its_place_with_a_reason() -> None:
    found = list(read(DATASETS / "broken.jsonl"))
    assert [isinstance(one, Unreadable) for one in found] == [
        True,
        False,
        True,
        True,
        True,
        True,
        True,
        False,
    ]
    reasons = [one.reason for one in found if isinstance(one, Unreadable)]
    assert all(reasons)
    assert all("\n" not in reason for reason in reasons)


def test_an_unknown_format_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="unknown format 'x'; known are auto"):
        find_format("x")
    with pytest.raises(UnreadableFileError, match=r"no such file: .*none\.jsonl"):
        list(read(tmp_path / "none.jsonl"))


def test_a_result_with_an_empty_id_keeps_it() -> None:
    asked = Message(role="assistant", calls=(RecordedCall(name="f", arguments={}, id="0"),))
    messages = (asked, Message(role="tool", value=None, call_id=""))
    written = OpenAIFormat().write(Transcript(id="x", messages=messages))
    assert OpenAIFormat().read(json.loads(json.dumps(written)), PLACE).messages == messages
