"""``audit --model`` as a process: its status, its one line when the budget ends, and its going on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.testing import Answer, OpenAIServer
from tests.end_to_end.program import KEY, run_program

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "dialogues.jsonl"


def suspicious(asked: Mapping[str, Any], number: int) -> Answer:
    """Find fault with what the assistant says, and with nothing else."""
    del number
    wrong = "a fact that neither" in asked["messages"][-1]["content"]
    reason = {"reason": "Nobody said so.", "turn": 1, "verdict": "problem" if wrong else "fine"}
    return Answer(text=json.dumps(reason))


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(suspicious, key=KEY).running() as running:
        yield running


async def test_the_experts_findings_decide_the_status_as_all_others_do(
    server: OpenAIServer, tmp_path: Path
) -> None:
    words = ("audit", GOLDEN, "--model", server.url, "--model-name", "judge", "--asks", "1")
    done = await run_program(*words, "--select", "TA801", "--out", tmp_path / "out")
    assert (done.status, done.err) == (1, "")
    assert "Nobody said so. (1 of 1 answers)" in done.out
    assert KEY not in "".join(path.read_text("latin-1") for path in (tmp_path / "out").iterdir())
    calm = await run_program(*words, "--select", "TA805")
    assert (calm.status, calm.err) == (0, "")


async def test_a_spent_budget_is_status_3_and_a_higher_one_goes_on_from_there(
    server: OpenAIServer, tmp_path: Path
) -> None:
    words = ["audit", str(GOLDEN), "--model", server.url, "--model-name", "judge", "--select", "TA805"]
    words += ["--out", str(tmp_path / "out"), "--asks", "1", "--max-requests"]
    broke = await run_program(*words, "1")
    assert broke.status == 3
    assert "budget" in broke.complaint
    assert "not shown to the experts: the budget is spent" in broke.out
    records = len(GOLDEN.read_text().splitlines())
    done = await run_program(*words, str(records))
    assert (done.status, done.err) == (0, "")
    assert len(server.asked) == records


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--select", "TA8"), "--model"),
        (("--max-usd", "1"), "--model"),
        (("--model", "cassette:none.jsonl"), "none.jsonl"),
    ],
)
async def test_wrong_use_of_the_experts_is_one_line_and_status_2(
    tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = await run_program("audit", GOLDEN, *words, folder=tmp_path)
    assert done.status == 2
    assert complaint in done.complaint
