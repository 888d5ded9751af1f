"""The plugin in a real pytest, in a project of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LIBRARY = Path(__file__).parents[1] / "packs" / "library"
FEW = "--pack-examples=20"


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    shutil.copytree(LIBRARY, pytester.path / "library")
    pytester.makepyfile(test_other="def test_other():\n    pass\n")
    return pytester


def _name_the_pack(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\ntoolace_packs = library\n")


def _plant_a_bug(project: pytest.Pytester) -> None:
    code = project.path / "library" / "tools.py"
    code.write_text(code.read_text().replace('copies_free"] < 1', 'copies_free"] < 0'))


def test_without_a_named_pack_nothing_is_collected_and_nothing_imported(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_imports="import sys\n\ndef test_light():\n"
        "    assert 'sandbox.pytest_plugin' in sys.modules\n"
        "    heavy = {'sandbox.packs.reading', 'sandbox.runtime', 'hypothesis.stateful'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    project.runpytest_subprocess("-q").assert_outcomes(passed=2)


def test_one_line_in_the_settings_makes_an_item_of_each_property_of_each_tool(
    project: pytest.Pytester,
) -> None:
    _name_the_pack(project)
    result = project.runpytest_subprocess("-v", FEW)
    result.assert_outcomes(passed=48, warnings=result.parseoutcomes().get("warnings", 0))
    result.stdout.fnmatch_lines(
        ["library/pack.yaml::lend_book[[]P11-conservation[]] PASSED*", "test_other.py::test_other PASSED*"]
    )


def test_a_broken_property_fails_its_own_items_and_shows_a_command(project: pytest.Pytester) -> None:
    _plant_a_bug(project)
    result = project.runpytest_subprocess("--pack", "library", FEW)
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 2
    result.stdout.fnmatch_lines(
        [
            "lend_book: P11: invariant no-negative-stock: *",
            f"toolace-mt packs run {project.path}/library --strict --world * --call 'lend_book {{*}}'",
        ]
    )
    assert "pytest_items.py" not in result.stdout.str()


def test_the_items_of_a_pack_can_be_chosen_like_any_others(project: pytest.Pytester) -> None:
    _name_the_pack(project)
    result = project.runpytest_subprocess("library/pack.yaml::return_book[P1-never-crashes]", FEW)
    result.assert_outcomes(passed=1)
    project.runpytest_subprocess("test_other.py").assert_outcomes(passed=1)
    project.runpytest_subprocess("-k", "P7", FEW).assert_outcomes(passed=3, deselected=45)


def test_a_folder_that_is_no_pack_is_named_in_one_line(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--pack", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: */nowhere: the folder has no pack.yaml, so it is no tool pack"])
