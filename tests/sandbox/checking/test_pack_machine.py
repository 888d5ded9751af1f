"""State machines for laws of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import invariant

from sandbox import Returned
from sandbox.testing import PackMachine, check_pack, run_machine

LIBRARY = Path(__file__).parents[1] / "packs" / "library"


class Loans(PackMachine):
    """Two laws that the pack does not declare, one of them false."""

    pack = LIBRARY
    most_loans = 99

    @invariant()
    def every_loan_is_of_a_book(self) -> None:
        loans: Any = self.world["loans"]
        assert {loan["book_id"] for loan in loans.values()} <= set(self.world["books"])  # type: ignore[arg-type]  # a table

    @invariant()
    def never_too_many_loans(self) -> None:
        assert len(self.world["loans"]) <= self.most_loans, self.calls  # type: ignore[arg-type]  # a table


class FewLoans(Loans):
    most_loans = 1


def test_a_law_that_holds_passes() -> None:
    run_machine(Loans, examples=10)


def test_a_law_that_is_broken_is_shown_by_the_one_call_that_breaks_it() -> None:
    with pytest.raises(AssertionError) as raised:
        run_machine(FewLoans, examples=40)
    assert str(raised.value).count("Call(") == 1
    assert "lend_book" in str(raised.value)


def test_a_machine_can_make_calls_of_its_own() -> None:
    from sandbox import Call

    class Returning(Loans):
        @invariant()
        def the_first_loan_can_be_returned(self) -> None:
            if "L-1" in self.world["loans"]:  # type: ignore[operator]  # a table
                call = Call(name="return_book", arguments={"loan_id": "L-1"})
                assert isinstance(self.make(call), Returned)

    run_machine(Returning, examples=5, calls=3)


def test_a_sound_pack_passes_and_a_broken_one_is_an_assertion_with_a_command(
    tmp_path: Path,
) -> None:
    import shutil

    assert check_pack(LIBRARY, examples=10).errors == ()
    folder = Path(shutil.copytree(LIBRARY, tmp_path / "library"))
    code = folder / "tools.py"
    code.write_text(code.read_text().replace('copies_free"] < 1', 'copies_free"] < 0'))
    with pytest.raises(
        AssertionError, match=r"lend_book: P11: .*\n  toolace-mt packs run .*library --strict"
    ):
        check_pack(folder, examples=20)
