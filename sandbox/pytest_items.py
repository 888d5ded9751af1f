"""The items that pytest sees of a tool pack; the pack is checked once, when the first of them runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import SandboxError
from sandbox.packs.reading import read_pack
from sandbox.properties import DEFAULT_EXAMPLES, PROPERTIES, check_pack
from sandbox.reports import PackFinding, PackReport

__all__ = ["PackFile", "PackItem", "PackWarning"]

WHOLE_PACK = {"static": "files agree", "task": "example tasks work"}
PAIR_LAWS = {"idempotent": "P9", "once": "P14", "read_after_write": "P17"}
STATE_LAWS = frozenset({"conserved", "non_negative"})


class PackWarning(UserWarning):
    """Something that a tool pack should have and need not."""


class BrokenProperty(Exception):
    """A property does not hold; the findings say how, and with which calls."""


class PackFile(pytest.File):
    """A pack's ``pack.yaml``, which stands for the whole folder."""

    def collect(self) -> Iterator[PackItem]:
        """Give an item for the files, one for the tasks, and one for each property of each tool."""
        try:
            pack = read_pack(self.path.parent)
        except SandboxError as error:
            raise self.CollectError(str(error)) from None
        for code in WHOLE_PACK:
            yield _item(self, None, code)
        state_laws = any(invariant.kind in STATE_LAWS for invariant in pack.invariants)
        for tool in pack.tools:
            declared = {PAIR_LAWS.get(law.kind) for law in pack.invariants if tool.name in law.tools}
            for code in PROPERTIES:
                if code in PAIR_LAWS.values() and code not in declared:
                    continue
                if code == "P12" or (code == "P11" and not state_laws):
                    continue  # every sequence starts on a world of its own: P12 shows as P8
                yield _item(self, tool.name, code)

    @cached_property
    def report(self) -> PackReport:
        """Check the pack, the first time that somebody asks."""
        examples = self.config.getoption("--pack-examples") or DEFAULT_EXAMPLES
        seed = self.config.getoption("--pack-seed")
        return check_pack(read_pack(self.path.parent), examples=examples, seed=seed)


def _item(parent: PackFile, tool: str | None, code: str) -> PackItem:
    title = (WHOLE_PACK.get(code) or f"{code} {PROPERTIES[code]}").replace(" ", "-")
    found: PackItem = PackItem.from_parent(parent, name=f"{tool}[{title}]" if tool else title)
    found.tool, found.code = tool, code
    return found


class PackItem(pytest.Item):
    """One property of one tool, or of the whole pack."""

    tool: str | None = None
    code: str = ""

    def runtest(self) -> None:
        """Fail if the check found this property broken; warn if it found it wanting."""
        assert isinstance(self.parent, PackFile)
        mine = [finding for finding in self.parent.report.findings if self._is_mine(finding)]
        for finding in mine:
            if finding.severity == "warning":
                warnings.warn_explicit(PackWarning(self._text(finding)), None, str(self.path), 1)
        errors = [self._text(finding) for finding in mine if finding.severity == "error"]
        if errors:
            raise BrokenProperty("\n".join(errors))

    def _is_mine(self, finding: PackFinding) -> bool:
        return finding.code == self.code and (self.tool is None or finding.tool == self.tool)

    def _text(self, finding: PackFinding) -> str:
        law = f"invariant {finding.invariant}: " if finding.invariant else ""
        place = f"{finding.tool}: " if finding.tool else ""
        shown = (
            f"\n{finding.counter_example.command(str(self.path.parent))}" if finding.counter_example else ""
        )
        return f"{place}{finding.code}: {law}{finding.message}{shown}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what is broken and the command that shows it; no traceback of ours."""
        if isinstance(excinfo.value, (BrokenProperty, SandboxError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Place the item in its pack."""
        return self.path, None, f"{self.path.parent.name}: {self.name}"
