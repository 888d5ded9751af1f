"""Recorded replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import UnusableModel
from engine.chat.cassette import CassetteModel, RecordingModel
from engine.testing import ScriptedModel, check_chat_model, request


async def test_a_recording_answers_as_the_model_did(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    recorder = RecordingModel(ScriptedModel(["Grüße\n"], name="m"), path)
    said = await recorder.complete(request("one"))
    await RecordingModel(ScriptedModel(name="m"), path).complete(request("two"))
    cassette = CassetteModel.read(path)
    assert cassette.name == "m"
    assert await cassette.complete(request("one")) == said
    await check_chat_model(cassette, (request("one"), request("two")))


async def test_an_unknown_request_is_refused_with_its_purpose_and_the_way_to_record_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "replies.jsonl"
    RecordingModel(ScriptedModel(), path)
    with pytest.raises(UnusableModel, match=r"refine\.user.*record"):
        await CassetteModel.read(path).complete(request(purpose="refine.user"))


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("{}\n", 1), ('{"cassette":1,"model":"m"}\n\n{"digest":1}\n', 3), ("\xff\n", 1)],
)
def test_a_spoilt_cassette_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnusableModel, match=rf"replies\.jsonl:{line}:"):
        CassetteModel.read(path)


def test_a_missing_cassette_and_a_foreign_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="cannot read"):
        CassetteModel.read(tmp_path / "nowhere")
    RecordingModel(ScriptedModel(name="a"), tmp_path / "a")
    with pytest.raises(UnusableModel, match="was recorded from a"):
        RecordingModel(ScriptedModel(name="b"), tmp_path / "a")
