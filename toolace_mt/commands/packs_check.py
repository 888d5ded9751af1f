"""What ``toolace-mt packs check`` says about one pack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox import Pack, PackFinding, PackReport

__all__ = ["report_lines"]


def report_lines(given: str, pack: Pack, report: PackReport) -> Iterator[str]:
    """Yield the findings, each with the command that shows it, and a last line in sum.

    ``given`` is the pack as the user named it.
    """
    for finding in report.findings:
        yield _finding_line(pack, finding)
        if finding.counter_example is not None:
            yield f"  {finding.counter_example.command(given)}"
    warnings = len(report.findings) - len(report.errors)
    successes = sum(1 for covered in report.coverage.values() if covered.successes)
    mock = f" (mock: {pack.mock})" if pack.mock else ""
    yield (
        f"{pack.name}{mock}: {len(report.errors)} errors, {warnings} warnings; "
        f"{successes} of {len(pack.tools)} tools succeeded in {report.examples} sequences of "
        f"{report.calls} calls; {_most_steps(report)}"
        f"isolation {report.isolation.brief}"
    )


def _finding_line(pack: Pack, finding: PackFinding) -> str:
    from sandbox import PROPERTIES

    place = f"{pack.name}/{finding.tool}" if finding.tool else pack.name
    title = f" ({PROPERTIES[finding.code]})" if finding.code in PROPERTIES else ""
    law = f"invariant {finding.invariant}: " if finding.invariant else ""
    return f"{place}: {finding.severity} {finding.code}{title}: {law}{finding.message}"


def _most_steps(report: PackReport) -> str:
    if not report.coverage:
        return ""
    name, covered = max(report.coverage.items(), key=lambda item: item[1].most_steps)
    return f"at most {covered.most_steps} steps a call ({name}); "
