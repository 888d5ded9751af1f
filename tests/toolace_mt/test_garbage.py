"""Programs collect garbage rarely; the library never decides that for them."""

import subprocess
import sys


def _said(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_program_that_asks_for_it_no_longer_looks_at_what_lives_already() -> None:
    code = (
        "import gc; from toolace_mt.garbage import collect_rarely; collect_rarely(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > 10_000)"
    )
    assert _said(code).split() == ["True", "True"]


def test_importing_the_library_leaves_the_collector_alone() -> None:
    code = (
        "import gc; before = gc.get_threshold(), gc.get_freeze_count(); "
        "import toolace_mt.generation, toolace_mt.garbage; "
        "print((gc.get_threshold(), gc.get_freeze_count()) == before)"
    )
    assert _said(code).split() == ["True"]
