"""Tool packs as tests: every property of every tool is one item of pytest.

Name the packs once, in pyproject.toml, and pytest checks them with your other tests:

    [tool.pytest.ini_options]
    toolace_packs = ["path/to/my_pack"]

or on the command line: ``pytest --pack path/to/my_pack``.  Without that nothing changes, and nothing of
this package's machinery is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.pytest_items import PackFile

__all__ = ["pytest_addoption", "pytest_collect_file", "pytest_configure"]

PACK_FILE = "pack.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; all of them stand under "tool packs" in the help."""
    parser.addini("toolace_packs", "Folders of tool packs to check.", type="paths", default=[])
    group = parser.getgroup("tool packs")
    group.addoption(
        "--pack", action="append", default=[], metavar="DIR", help="Check this tool pack; may be repeated."
    )
    group.addoption(
        "--pack-examples", type=int, default=None, metavar="N", help="Random call sequences per tool pack."
    )
    group.addoption("--pack-seed", type=int, default=0, metavar="S", help="Seed of the sequences. [0]")


def pytest_configure(config: pytest.Config) -> None:
    """Add the named packs to what is collected, unless the user asks for other tests by name."""
    asked = [_file(config.invocation_params.dir / folder) for folder in config.getoption("--pack")]
    named = [_file(folder) for folder in config.getini("toolace_packs")]
    for file in (*asked, *named):
        if not file.is_file():
            raise pytest.UsageError(f"{file.parent}: the folder has no pack.yaml, so it is no tool pack")
    by_user = config.args_source is pytest.Config.ArgsSource.ARGS
    if asked and not by_user:
        config.args = []  # --pack alone means these packs and nothing else
    config.args += [
        str(file) for file in (asked if asked or by_user else named) if str(file) not in config.args
    ]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PackFile | None:
    """Collect pack.yaml of the packs that were named."""
    if file_path.name != PACK_FILE or file_path not in _named(parent.config):
        return None
    from sandbox.pytest_items import PackFile

    found: PackFile = PackFile.from_parent(parent, path=file_path)
    return found


def _named(config: pytest.Config) -> Iterator[Path]:
    yield from (_file(config.invocation_params.dir / folder) for folder in config.getoption("--pack"))
    yield from (_file(folder) for folder in config.getini("toolace_packs"))


def _file(folder: Path) -> Path:
    return Path(folder).resolve() / PACK_FILE
