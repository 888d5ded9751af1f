"""Strong, limited, none: what real platforms that lack a layer give, and who may run on them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import IsolationError, IsolationLevel, Pack, open_pack
from sandbox.isolation import MEASURES, Isolation
from sandbox.packs.admission import admit

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
LIBRARY = HERE.parent / "packs" / "library"
CALL = 'find_books {"limit": 1}'
# becomes an ordinary user for good, confines itself as a worker does and tells what it reached
AS_NOBODY = """
import json, os
from sandbox.workers import confine
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
found = confine.probe(confine.confine(keep=1))
os.write(1, json.dumps([found.level, found.measures]).encode())
"""


def _run(*arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
    weaker = [str(HERE / "weaker_platform.py"), without] if without else []
    return subprocess.run(
        [sys.executable, *weaker, "-m", "toolace_mt", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        check=False,
    )


@pytest.mark.parametrize("without", ["seccomp", "seccomp,landlock", "seccomp,landlock,rlimits"])
def test_a_strangers_pack_is_refused_in_one_line_where_a_layer_is_missing(without: str) -> None:
    done = _run("packs", "run", str(LIBRARY), "--call", CALL, without=without)
    level = "none" if "rlimits" in without else "limited"
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "pack library is not one of the shipped packs" in line
    assert f"only {level}, not strong" in line
    assert all(layer in line for layer in without.split(","))
    assert f"--isolation {level}" in line


def test_a_shipped_pack_runs_where_a_layer_is_missing() -> None:
    done = _run("packs", "run", "retail", without="seccomp,landlock")
    assert "nothing to run" in done.stderr
    task = open_pack("retail").tasks[0].calls[0]
    call = f"{task.name} {json.dumps(dict(task.arguments))}"
    weak = _run("packs", "run", "retail", "--call", call, without="seccomp,landlock,rlimits")
    strong = _run("packs", "run", "retail", "--call", call)
    assert weak.returncode == strong.returncode == 0
    assert weak.stdout == strong.stdout


def test_a_changed_copy_of_a_shipped_pack_is_a_strangers(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(open_pack("retail").path, tmp_path / "retail"))
    assert _run("packs", "run", str(copy), "--call", "nothing", without="seccomp").returncode == 0
    (copy / "policy.md").write_text("Changed.")
    done = _run("packs", "run", str(copy), "--call", "nothing", without="seccomp")
    assert done.returncode == 2
    assert "pack retail is not one of the shipped packs" in done.stderr


def test_the_user_may_take_the_risk() -> None:
    done = _run(
        "packs", "run", str(LIBRARY), "--call", CALL, "--isolation", "limited", without="seccomp,landlock"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcomes"][0]["status"] == "returned"


def test_a_check_names_the_level_and_what_it_lacks() -> None:
    check = ("packs", "check", str(LIBRARY), "--examples", "1", "--isolation", "limited")
    assert "isolation limited (without landlock, seccomp)" in _run(*check, without="seccomp,landlock").stdout
    assert "isolation strong" in _run(*check).stdout


def test_generate_refuses_a_strangers_pack_before_it_writes_anything(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = _run(
        "generate", "--pack", str(LIBRARY), "--model", f"cassette:{ROOT}/fixtures/cassettes/harmless.jsonl",
        "--out", str(out), without="seccomp",
    )  # fmt: skip
    assert done.returncode == 2
    assert "pack library is not one of the shipped packs" in done.stderr
    assert not out.exists()


def test_an_audit_refuses_a_strangers_pack_and_reports_the_level(tmp_path: Path) -> None:
    record = {"id": "a", "tools": [], "messages": [{"role": "user", "content": "Hello."}]}
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(record) + "\n")
    audit = ("audit", str(data), "--env", str(LIBRARY), "--output", "json")
    refused = _run(*audit, without="seccomp")
    assert refused.returncode == 2
    assert "pack library is not one of the shipped packs" in refused.stderr
    accepted = _run(*audit, "--isolation", "limited", without="seccomp")
    assert json.loads(accepted.stdout)["isolation"] == "limited"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_has_strong_isolation_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        env={"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
        capture_output=True,
    )
    level, measures = json.loads(done.stdout)
    assert level == "strong"
    assert measures == list(MEASURES)


@pytest.mark.parametrize("required", list(IsolationLevel))
@pytest.mark.parametrize("given", list(IsolationLevel))
def test_a_pack_is_admitted_exactly_if_the_level_is_enough_or_it_is_shipped(
    given: IsolationLevel, required: IsolationLevel, library: Pack
) -> None:
    isolation = Isolation(level=given, measures=MEASURES)
    admit(open_pack("retail"), isolation, required)
    if given.at_least(required):
        admit(library, isolation, required)
    else:
        with pytest.raises(IsolationError, match=f"only {given}, not {required}"):
            admit(library, isolation, required)
