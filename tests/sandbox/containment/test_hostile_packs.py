"""Packs as attack: manifests, worlds, schemas, files that are no files, and names that lead elsewhere."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from sandbox import Call, Pack, ProcessRuntime, SandboxError, Trajectory, open_pack
from sandbox.packs.lint import lint_pack
from sandbox.schema import compile_schema
from tests.sandbox.containment.corpus import Attack, attacks
from tests.sandbox.containment.limits import contained
from toolace_mt.cli import main

TOOL = {
    "function": {
        "name": "tool",
        "description": "Gives the sum.",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    },
    "returns": {},
    "effect": "read",
    "touches": ["totals"],
}
FILES = {
    "pack.yaml": 'name: pack\nversion: 1.0.0\nlicence: MIT\ndescription: x\nclock: "2026-03-02T09:00:00Z"\n',
    "tools.json": orjson.dumps([TOOL]).decode(),
    "tools.py": 'def tool(state, ctx):\n    return state["totals"]["T"]["sum"]\n',
    "state.schema.json": '{"type": "object"}',
    "worlds/only.json": '{"totals": {"T": {"sum": 0}}}',
    "policy.md": "Be kind.",
    "tasks.jsonl": "",
}


def _make(folder: Path, changes: Mapping[str, str]) -> Path:
    (folder / "worlds").mkdir(parents=True)
    for name, text in {**FILES, **changes}.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    return folder


async def _is_contained(folder: Path, runtime: ProcessRuntime) -> str | None:
    """Read, check and run a pack within the limits; give the line that refuses it, None if it runs."""

    async def use() -> str | None:
        try:
            pack: Pack = open_pack(folder)
            seen = await runtime.inspect(pack)
            lint_pack(pack, seen["signatures"], seen["violation"])
            await runtime.run(pack, [Trajectory(start=next(iter(pack.worlds)), calls=(Call(name="tool"),))])
        except SandboxError as error:
            return str(error)
        return None

    line = await contained(use)
    assert line is None or _is_one_clear_line(line), line
    return line


def _is_one_clear_line(line: str) -> bool:
    return 10 < len(line) < 1_000 and not any(
        unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in line
    )


@pytest.mark.parametrize("attack", attacks("manifests"), ids=str)
async def test_a_hostile_manifest_is_refused_in_one_line(
    attack: Attack, tmp_path: Path, runtime: ProcessRuntime
) -> None:
    folder = _make(tmp_path / "pack", {"pack.yaml": attack.text})
    line = await _is_contained(folder, runtime)
    assert line is not None
    assert "pack.yaml" in line


@pytest.mark.parametrize("attack", attacks("worlds"), ids=str)
async def test_a_hostile_world_is_refused_in_one_line_or_harmless(
    attack: Attack, tmp_path: Path, runtime: ProcessRuntime
) -> None:
    await _is_contained(_make(tmp_path / "pack", {"worlds/only.json": attack.text}), runtime)


@pytest.mark.parametrize("attack", attacks("folders"), ids=str)
async def test_a_hostile_folder_is_refused_in_one_line_or_harmless(
    attack: Attack, tmp_path: Path, runtime: ProcessRuntime
) -> None:
    folder = _make(tmp_path / "pack", {})
    for step in attack.text.split("\n"):
        _do(folder, step)
    await _is_contained(folder, runtime)


def _do(folder: Path, step: str) -> None:
    what, _, rest = step.partition(" ")
    written, _, text = rest.partition(" ")
    raw = written.encode().decode("unicode_escape")
    # names are bytes to the system: what is no text in UTF-8 is written as it is
    name = raw.encode("latin-1").decode("utf-8", "surrogateescape") if raw.isascii() or "\xff" in raw else raw
    place = folder / name
    match what:
        case "drop" | "link" | "pipe" if place.is_dir():
            shutil.rmtree(place)
        case "drop" | "link" | "pipe":
            place.unlink(missing_ok=True)
    match what:
        case "link":
            place.symlink_to(text)
        case "pipe":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case "write":
            place.write_bytes(text.encode().decode("unicode_escape").encode("latin-1"))
        case "many":
            count, _, content = text.partition(" ")
            for number in range(int(count)):
                (place / f"w{number}.json").write_text(content)


@pytest.mark.parametrize("attack", attacks("schemas"), ids=str)
async def test_a_hostile_schema_is_refused_or_cheap(
    attack: Attack, tmp_path: Path, runtime: ProcessRuntime
) -> None:
    folder = _make(tmp_path / "pack", {"state.schema.json": attack.text})
    if await _is_contained(folder, runtime) is not None:
        return
    validator = compile_schema(orjson.loads(attack.text))

    values = ("a" * 30_000 + "!", 5, None, [1] * 3_000, {"a" * 3_000: 1})

    async def use() -> list[bool]:
        return [validator.fits(value) for value in values]

    await contained(use)


@pytest.mark.parametrize("attack", attacks("names"), ids=str)
def test_a_hostile_name_of_a_pack_is_answered_in_one_line(
    attack: Attack, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = attack.text.encode().decode("unicode_escape", "surrogatepass")
    for command in ("show", "check", "run"):
        with pytest.raises(SystemExit) as ended:
            main(["packs", command, name])
        shown = capsys.readouterr()
        assert ended.value.code == 2
        assert shown.out == ""
        assert _is_one_clear_line(shown.err.removesuffix("\n")), shown.err
        assert "bug" not in shown.err
