"""A law that speaks of what is not there is named before anything runs."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox import Invariant, Pack, check_pack

WRONG = {
    "sum is empty; the kind conserved needs it": Invariant(name="law", kind="conserved"),
    "the kind once has no paths; take it out": Invariant(
        name="law", kind="once", tools=("lend_book",), paths=("books.*.copies_free",)
    ),
    "'books.*.nothing' leads to nothing in any world": Invariant(
        name="law", kind="non_negative", paths=("books.*.nothing",)
    ),
    "'books.*.title' leads to something that is no number": Invariant(
        name="law", kind="non_negative", paths=("books.*.title",)
    ),
    "'lend' is no tool of this pack": Invariant(name="law", kind="once", tools=("lend",)),
    "'loan_id' must start with arguments. or result.": Invariant(
        name="law",
        kind="read_after_write",
        tools=("lend_book",),
        read="find_books",
        shows={"books.*.book_id": "loan_id"},
    ),
    "'book' is no parameter of find_books": Invariant(
        name="law",
        kind="read_after_write",
        tools=("lend_book",),
        read="find_books",
        arguments={"book": "arguments.book_id"},
        shows={"books.*.book_id": "arguments.book_id"},
    ),
}


@pytest.mark.parametrize(("message", "invariant"), WRONG.items(), ids=WRONG)
def test_a_wrong_law_is_one_finding_and_nothing_runs(
    library: Pack, message: str, invariant: Invariant
) -> None:
    report = check_pack(dataclasses.replace(library, invariants=(invariant,), digest=message))
    assert [finding.message for finding in report.errors] == [f"invariant law: {message}"]
    assert report.calls == 0
