"""Counts what a check reached: every tool's success, each of its declared errors (P19), and steps (P16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sandbox.packs.reading import Pack
from sandbox.reports import PackFinding, ToolCoverage
from sandbox.types import Fault, FaultKind, Outcome, Returned

__all__ = ["Coverage"]

SUCCESS = ""


class Coverage:
    """One check's running count."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._reached: Counter[tuple[str, str]] = Counter()
        self._most_steps: Counter[str] = Counter()
        self.calls = 0

    def note(self, tool: str, outcome: Outcome, steps_used: int | None) -> int:
        """Count a call; say how often this outcome was seen now, 0 if it is not one of the tool's own."""
        self.calls += 1
        self._most_steps[tool] = max(self._most_steps[tool], steps_used or 0)
        match outcome:
            case Returned():
                reached = SUCCESS
            case Fault(FaultKind.TOOL_ERROR, code):
                reached = code
            case _:
                return 0
        self._reached[tool, reached] += 1
        return self._reached[tool, reached]

    def wanting(self) -> list[str]:
        """Name the tools with an outcome that no call has reached."""
        return [
            name for name, covered in self.by_tool().items() if covered.unreached or not covered.successes
        ]

    def by_tool(self) -> Mapping[str, ToolCoverage]:
        """Give what each tool was seen to do."""
        return {
            tool.name: ToolCoverage(
                successes=self._reached[tool.name, SUCCESS],
                errors={code: self._reached[tool.name, code] for code in tool.errors},
                most_steps=self._most_steps[tool.name],
            )
            for tool in self._pack.tools
        }

    def findings(self) -> Iterator[PackFinding]:
        """P19: warn of tools that never succeeded, and of declared errors that were never reached."""
        for name, covered in self.by_tool().items():
            if not covered.successes:
                message = "never succeeded: give it an example task, or sources for its parameters"
                yield PackFinding(code="P19", severity="warning", message=message, tool=name)
            if covered.unreached:
                message = f"declared errors never reached: {', '.join(covered.unreached)}"
                yield PackFinding(code="P19", severity="warning", message=message, tool=name)
