"""Faults put into clean dialogues are found by the rules that are for them, and before that nothing is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bench.audits.mutants import KINDS, Recall, clean_dialogues, findings_by_dialogue, measure

_BY_EXECUTION_ONLY = ("id-of-another-row", "write-dropped")
"""Now and then such a fault changes nothing that anybody can see."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


@pytest.fixture(scope="module")
def dialogues(folder: Path) -> list[dict[str, Any]]:
    return clean_dialogues(folder, 40)


@pytest.fixture(scope="module")
def recall(dialogues: list[dict[str, Any]], folder: Path) -> Mapping[str, Recall]:
    return measure(dialogues, folder)


def test_nothing_is_found_before_the_mutation(dialogues: list[dict[str, Any]], folder: Path) -> None:
    assert findings_by_dialogue(dialogues, folder, "auto") == {}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.by_record], ids=lambda kind: kind.name)
def test_a_fault_that_the_record_shows_is_found_by_the_record(
    kind: Any, recall: Mapping[str, Recall]
) -> None:
    found = recall[kind.name]
    floor = 0.7 if kind.name == "wrong-amount-told" else 0.98
    assert found.mutants >= 4
    assert found.by_record >= floor * found.mutants


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_with_execution_a_fault_is_found(kind: Any, recall: Mapping[str, Recall]) -> None:
    found = recall[kind.name]
    floor = {"wrong-amount-told": 0.7}.get(kind.name, 0.9 if kind.name in _BY_EXECUTION_ONLY else 0.98)
    assert found.by_execution >= floor * found.mutants
