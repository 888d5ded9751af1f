"""A stopped audit leaves whole files, and one that goes on leaves what an undisturbed one would."""

import io
import os
import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolace_mt.auditing import AuditProgressed, NotResumableError, audit
from toolace_mt.auditing.journal import JOURNAL, audit_journal
from toolace_mt.findings import Severity

FAULTS = Path(__file__).parents[3] / "fixtures" / "datasets" / "openai_faults.jsonl"
FILES = {"clean.jsonl", "findings.jsonl", "report.html", "summary.json"}
_SECONDS = re.compile(rb'("?\w*seconds\w*"?: ?)[\d.e-]+')


def written(folder: Path) -> dict[str, bytes]:
    """The files of an audit, but for the seconds that it took."""
    return {path.name: _SECONDS.sub(rb"\1-", path.read_bytes()) for path in folder.iterdir()}


def first_difference(one: Path, other: Path) -> object:
    """None if the folders hold the same; pages are long, so only the place where they part is shown."""
    left, right = written(one), written(other)
    if left.keys() != right.keys():
        return sorted(left.keys() ^ right.keys())
    for name in left:
        if left[name] != right[name]:
            pairs = enumerate(zip(left[name], right[name], strict=False))
            at = next((place for place, (a, b) in pairs if a != b), 0)
            return name, left[name][at - 80 : at + 80], right[name][at - 80 : at + 80]
    return None


def many(folder: Path, copies: int = 40) -> Path:
    path = folder / "many.jsonl"
    path.write_text(FAULTS.read_text() * copies)
    return path


def interrupting(after: int) -> Callable[[AuditProgressed], None]:
    seen: list[AuditProgressed] = []

    def watch(progressed: AuditProgressed) -> None:
        seen.append(progressed)
        if len(seen) == after:
            os.kill(os.getpid(), signal.SIGINT)

    return watch


@pytest.mark.parametrize(("jobs", "fix"), [(1, True), (2, False)])
def test_an_interrupted_audit_goes_on_to_the_same_files(tmp_path: Path, jobs: int, fix: bool) -> None:
    source, out = many(tmp_path), tmp_path / "out"
    undisturbed = audit(source, out=tmp_path / "whole", fix=fix)
    stopped = audit(source, out=out, jobs=jobs, fix=fix, watch=interrupting(after=2))
    assert stopped.interrupted
    assert 0 < stopped.records < undisturbed.records
    assert set(written(out)) >= {*FILES, JOURNAL}
    resumed = audit(source, out=out, jobs=jobs, fix=fix, resume=True)
    assert resumed.records == undisturbed.records
    assert first_difference(out, tmp_path / "whole") is None


def test_a_killed_audit_leaves_no_torn_files_and_goes_on(tmp_path: Path) -> None:
    source, out = many(tmp_path, copies=150), tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "toolace_mt",
        "audit",
        str(source),
        "--out",
        str(out),
        "--output",
        "json",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = out / JOURNAL
    while running.poll() is None and not (journal.exists() and journal.stat().st_size > 50_000):
        pass
    running.kill()
    running.wait()
    assert running.returncode == -signal.SIGKILL
    assert not FILES & {path.name for path in out.iterdir()}
    audit(source, out=tmp_path / "whole")
    subprocess.run([*command, "--resume"], stdout=subprocess.DEVNULL, check=False)
    assert first_difference(out, tmp_path / "whole") is None


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.02, 1))
def test_a_journal_torn_anywhere_loses_only_what_comes_after(tmp_path: Path, share: float) -> None:
    source, out = many(tmp_path, copies=20), tmp_path / "out"
    audit(source, out=tmp_path / "whole")
    audit(source, out=out, watch=interrupting(after=2))
    journal = out / JOURNAL
    os.truncate(journal, max(100, int(journal.stat().st_size * share)))
    audit(source, out=out, resume=True)
    assert first_difference(out, tmp_path / "whole") is None


def test_only_a_stopped_audit_of_the_same_files_and_settings_is_resumed(tmp_path: Path) -> None:
    source, out = many(tmp_path), tmp_path / "out"
    with pytest.raises(NotResumableError, match="no stopped audit"):
        audit(source, out=out, resume=True)
    audit(source, out=out, watch=interrupting(after=1))
    with pytest.raises(NotResumableError, match="other files or settings"):
        audit(source, out=out, resume=True, ignore=["TA2"])
    with source.open("a") as more:
        more.write(FAULTS.read_text())
    with pytest.raises(NotResumableError, match="other files or settings"):
        audit(source, out=out, resume=True)
    with pytest.raises(NotResumableError, match="needs --out"):
        audit(source, resume=True)
    with pytest.raises(NotResumableError, match="standard input"):
        audit("-", out=out, resume=True)


def test_a_journal_makes_nothing_but_values(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "made"),)

    with audit_journal(tmp_path, "x", resume=False) as journal:
        journal.add([], [])
    plain = pickle.dumps(Evil())
    from toolace_mt.auditing import journal as module

    with (tmp_path / JOURNAL).open("ab") as file:
        module._write_frame(file, plain)
    with audit_journal(tmp_path, "x", resume=True) as journal, pytest.raises(pickle.UnpicklingError):
        list(journal.earlier())
    assert not (tmp_path / "made").exists()


class _ByName:
    """Is pickled as Python 3.11.2 pickles the members of an enumeration."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[object, tuple[type, str]]:
        return getattr, (Severity, self.name)


def test_a_journal_reads_members_by_name_and_no_other_attributes() -> None:
    from toolace_mt.auditing.journal import _Reader

    assert _Reader(io.BytesIO(pickle.dumps(_ByName("ERROR")))).load() is Severity.ERROR
    with pytest.raises(pickle.UnpicklingError, match="no member 'mro'"):
        _Reader(io.BytesIO(pickle.dumps(_ByName("mro")))).load()


def test_progress_counts_all_records_and_all_bytes(tmp_path: Path) -> None:
    source = many(tmp_path)
    seen: list[AuditProgressed] = []
    report = audit(source, watch=seen.append)
    assert [one.records for one in seen] == sorted(one.records for one in seen)
    last = seen[-1]
    assert (last.records, last.findings) == (report.records, len(report.findings))
    assert last.bytes_read == last.bytes_total == source.stat().st_size
