"""Reading tool packs: what is found, what is refused, and in which words."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import PackError, PolicyViolation, SandboxError, UnknownWorld, open_pack, shipped_packs

LIBRARY = Path(__file__).parent / "packs" / "library"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LIBRARY, tmp_path / "library"))


def test_a_pack_is_read_whole() -> None:
    pack = open_pack(LIBRARY)
    assert [tool.name for tool in pack.tools] == ["find_books", "lend_book", "return_book"]
    assert pack.tool("lend_book").errors["none_left"] == "All copies are lent."
    assert list(pack.worlds) == ["town"]
    assert pack.tasks[0].calls[0].name == "find_books"
    assert pack.persona == "members"


def test_a_declaration_tells_nothing_of_the_pack_s_own_hints() -> None:
    declaration = open_pack(LIBRARY).tool("lend_book").declaration
    assert set(declaration) == {"type", "function"}
    assert set(declaration["function"]) == {"name", "description", "parameters"}
    assert "x-" not in str(declaration)


def test_every_shipped_pack_opens_by_its_name() -> None:
    for name in shipped_packs():
        assert open_pack(name).name == name


def test_an_unknown_pack_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PackError, match=r"no tool pack 'nonesuch'; shipped packs are .*folder's path"):
        open_pack("nonesuch")


def test_an_unknown_world_or_tool_is_refused_with_the_known_ones() -> None:
    pack = open_pack(LIBRARY)
    with pytest.raises(UnknownWorld, match=r"no world 'moon'; it has town"):
        pack.world("moon")
    with pytest.raises(PackError, match=r"no tool 'x'; it has find_books"):
        pack.tool("x")


def test_the_digest_follows_the_content_and_not_the_place(copy: Path) -> None:
    assert open_pack(copy).digest == open_pack(LIBRARY).digest
    with (copy / "tools.py").open("a") as file:
        file.write("\n")
    assert open_pack(copy).digest != open_pack(LIBRARY).digest


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return change


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no tools": (lambda folder: (folder / "tools.json").unlink(), r"tools\.json is missing"),
    "no world": (lambda folder: (folder / "worlds" / "town.json").unlink(), r"add worlds/NAME\.json"),
    "a key twice": (
        _write("pack.yaml", b"name: a\nname: b"),
        r"'name' stands twice in one mapping",
    ),
    "a row twice": (
        _write("worlds/town.json", b'{"members": {"M1": {}, "M1": {}}}'),
        r"town\.json: the key 'M1' stands twice in one object",
    ),
    "a number of many bits": (
        _write("worlds/town.json", b'{"members": {"M1": {"n": 99999999999999999999}}}'),
        r"town\.json: the number 99999999999999999999 has more than 64 bits",
    ),
    "a call whose name is a number": (
        _write("tasks.jsonl", b'{"world": "town", "calls": [{"name": 5}]}'),
        r"tasks\.jsonl line 1: calls\.0\.name",
    ),
    "not YAML": (_write("pack.yaml", b"a: [1"), r"pack\.yaml: not YAML"),
    "wrong name": (_replace("pack.yaml", "name: library", "name: bookshop"), r"'bookshop' differs"),
    "unknown key": (_replace("pack.yaml", "licence:", "license:"), r"pack\.yaml: licen[cs]e: "),
    "wrong clock": (_replace("pack.yaml", "2026-03-02T09:00:00Z", "today"), r"pack\.yaml: clock: "),
    "not JSON": (_write("tools.json", b"[{"), r"tools\.json line 1: not JSON"),
    "not UTF-8": (_write("tools.py", b"\xff"), r"tools\.py: not UTF-8"),
    "wrong effect": (_replace("tools.json", '"effect": "read"', '"effect": "none"'), r"tool 0: effect"),
    "wrong tool name": (
        _replace("tools.json", '"name": "find_books"', '"name": "Find"'),
        r"'Find' is no tool",
    ),
    "same name": (_replace("tools.json", '"name": "find_books"', '"name": "lend_book"'), r"is there twice"),
    "state not JSON": (_write("worlds/town.json", b"{"), r"town\.json line 1: not JSON"),
    "state no object": (_write("worlds/town.json", b"[]"), r"object of tables"),
    "task not JSON": (_write("tasks.jsonl", b"{}\n{"), r"tasks\.jsonl line 1"),
    "task without name": (
        _write("tasks.jsonl", b'{"world": "town", "calls": [{}]}'),
        r"line 1: calls\.0\.name",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_pack_is_refused_in_one_line_that_names_the_file(
    copy: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(copy)
    with pytest.raises(SandboxError, match=message) as caught:
        open_pack(copy)
    assert "\n" not in str(caught.value)


def test_a_remote_reference_in_a_tool_is_a_policy_violation(copy: Path) -> None:
    _replace(
        "tools.json",
        '"returns": {"type": "object",',
        '"returns": {"$ref": "http://127.0.0.1:9/x", "type": "object",',
    )(copy)
    with pytest.raises(PolicyViolation, match="not local"):
        open_pack(copy)


def test_opening_a_pack_never_runs_its_code(copy: Path) -> None:
    (copy / "tools.py").write_text(f"open({str(copy / 'canary')!r}, 'w')\nraise SystemExit\n")
    open_pack(copy)
    assert not (copy / "canary").exists()
