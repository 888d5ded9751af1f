"""What a stranger's pack says does not steer the terminal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sandbox import pack_folder
from toolace_mt.commands.packs import packs
from toolace_mt.commands.plain_text import plain


@given(st.text())
def test_what_is_shown_can_be_written_and_steers_nothing(text: str) -> None:
    shown = plain(text)
    assert plain(shown) == shown
    assert not set(shown) & set("\x1b\x07\r\x9b\u202e\u200f\x7f")
    shown.encode()
    assert shown == text or "\\" in shown


@pytest.mark.parametrize("command", [["check", "--examples", "1"], ["show"]])
def test_a_hostile_packs_words_are_shown_and_not_obeyed(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "files"
    shutil.copytree(pack_folder("files"), folder)
    code = (folder / "tools.py").read_text()
    first = code.index("):\n", code.index("def ")) + 3
    attack = '    raise ValueError("\\x1b]0;pwned\\x07\\x1b[2J\\u202e hidden \\r over")\n'
    (folder / "tools.py").write_text(code[:first] + attack + code[first:])
    (folder / "policy.md").write_text("Be kind. \x1b[2J[bold]\n")
    shown = CliRunner().invoke(packs, [*command, str(folder)]).output
    assert "\\x1b" in shown
    assert not set(shown) & set("\x1b\x07\r\u202e")
