"""A run's folder: whose it is, what is kept, and the files made from it; and the ledger over it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine import ChatReply, Price, Usage, open_journal
from toolace_mt.errors import RunFolderError
from toolace_mt.ledger import ledger_of, write_ledger
from toolace_mt.outcome import Outcome, unplannable
from toolace_mt.store import JOURNAL_NAME, Store, verdicts_of

IDENTITY = {"seed": 1, "packs": ["retail 1.0.0"], "model": "fake"}


def good(id: str, *pairs: dict[str, Any]) -> Outcome:
    return Outcome(status="accepted", rule=None, record={"id": id, "messages": []}, preferences=pairs)


def bad(id: str, rule: str = "TA401") -> Outcome:
    return Outcome(status="rejected", rule=rule, record={"id": id, "messages": []})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_journal(tmp_path / JOURNAL_NAME) as journal:
        yield Store(tmp_path, journal)


def lines(store: Store, name: str) -> list[Any]:
    return [json.loads(line) for line in (store.folder / name).read_text().splitlines()]


async def test_a_folder_is_claimed_once_and_taken_again_by_the_same_run(store: Store) -> None:
    await store.claim(IDENTITY)
    await store.claim(dict(reversed(IDENTITY.items())))


async def test_a_run_that_has_nothing_stored_leaves_its_folder_free(store: Store) -> None:
    await store.claim(IDENTITY)
    assert not store.has_begun
    await store.claim({**IDENTITY, "seed": 2})
    await store.keep("d0", good("d0"))
    assert store.has_begun


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 2}, "its seed is 1, now it is 2"),
        ({"packs": ["retail 1.0.1"]}, 'its packs is ["retail 1.0.0"], now it is ["retail 1.0.1"]'),
        ({"judge": "rules"}, 'its judge is null, now it is "rules"'),
        ({"model": "x" * 99}, "..."),
    ],
)
async def test_another_runs_folder_is_refused_by_the_setting_that_differs(
    store: Store, change: dict[str, Any], named: str
) -> None:
    await store.claim(IDENTITY)
    await store.keep("d0", good("d0"))
    with pytest.raises(RunFolderError) as caught:
        await store.claim({**IDENTITY, **change})
    assert named in str(caught.value)
    assert "choose another --out" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_files_are_sorted_by_id_whatever_was_kept_first(store: Store) -> None:
    for id in ("d2", "d0", "d3", "d1"):
        await store.keep(id, bad(id) if id == "d1" else good(id, {"dialogue": id}))
    store.write_files(100)
    assert [line["id"] for line in lines(store, "dialogues.jsonl")] == ["d0", "d2", "d3"]
    assert [line["id"] for line in lines(store, "rejected.jsonl")] == ["d1"]
    assert [line["dialogue"] for line in lines(store, "preferences.jsonl")] == ["d0", "d2", "d3"]


async def test_what_was_kept_is_found_as_it_was(store: Store) -> None:
    outcome = good("d0", {"dialogue": "d0", "turn": 1})
    assert store.finished("d0") is None
    await store.keep("d0", outcome)
    assert store.finished("d0") == outcome


@pytest.mark.parametrize("wanted", [1, 2, 100])
async def test_verdicts_are_those_of_the_outcomes_that_files_are_made_from(store: Store, wanted: int) -> None:
    for id in ("d0", "d1", "d2", "d3"):
        await store.keep(id, bad(id) if id in {"d0", "d2"} else good(id))
    store.write_files(wanted)
    verdicts = [(verdict.status, verdict.rule) for verdict in verdicts_of(store.journal, wanted)]
    assert verdicts.count(("accepted", None)) == len(lines(store, "dialogues.jsonl")) == min(wanted, 2)
    assert verdicts.count(("rejected", "TA401")) == len(lines(store, "rejected.jsonl"))


async def test_a_line_is_all_of_what_was_kept(store: Store) -> None:
    record = {"id": "d0", "messages": [{"content": 'naïve "quoted" \u2028 line\n', "n": [1e-7, -0.0, 2**63]}]}
    pair: dict[str, Any] = {"dialogue": "d0", "chosen": "\x00\x7f", "context": [{}, [], None, True]}
    await store.keep("d0", Outcome(status="accepted", rule=None, record=record, preferences=(pair, {})))
    store.write_files(1)
    assert (store.folder / "dialogues.jsonl").read_bytes() == orjson.dumps(record) + b"\n"
    assert (store.folder / "preferences.jsonl").read_bytes() == orjson.dumps(pair) + b"\n{}\n"


async def test_no_more_is_written_than_was_wanted_when_an_attempt_was_made_again_after_its_substitute(
    store: Store,
) -> None:
    for id in ("d0", "d2", "d1"):
        await store.keep(id, good(id))
    store.write_files(2)
    assert [line["id"] for line in lines(store, "dialogues.jsonl")] == ["d0", "d1"]


async def test_an_empty_run_leaves_empty_files(store: Store) -> None:
    store.write_files(100)
    for name in ("dialogues.jsonl", "rejected.jsonl", "preferences.jsonl"):
        assert (store.folder / name).read_bytes() == b""


async def test_a_disk_that_takes_no_files_is_named(store: Store) -> None:
    store.folder = store.folder / "gone"
    with pytest.raises(FileNotFoundError) as raised:
        store.write_files(100)
    assert str(raised.value.filename).endswith("gone/dialogues.jsonl")


@pytest.mark.parametrize("name", ["dialogues.jsonl", "rejected.jsonl", "preferences.jsonl"])
async def test_files_that_no_journal_here_has_made_are_not_written_over(store: Store, name: str) -> None:
    (store.folder / name).write_bytes(b"")
    await store.claim(IDENTITY)
    (store.folder / name).write_bytes(b"dear\n")
    with pytest.raises(RunFolderError, match=f"{name} is there and the journal it was made from is not"):
        await store.claim(IDENTITY)
    await store.keep("d0", good("d0"))
    await store.claim(IDENTITY)


async def test_the_ledger_counts_what_is_stored(store: Store) -> None:
    for number, outcome in enumerate((good("d0"), bad("d1"), bad("d2", "TA702"), bad("d3"), good("d4"))):
        await store.keep(f"d{number}", outcome)
    for number, purpose in enumerate(("judge", "refine.report", "judge")):
        reply = ChatReply(text="x", model="m", usage=Usage(prompt_tokens=1000, completion_tokens=100))
        await store.journal.store_reply(f"digest{number}", purpose, reply)
    price = Price(prompt_usd_per_million=1.0, completion_usd_per_million=10.0)
    ledger = ledger_of(store.journal, wanted=100, strategy="nar", model="m", price=price, wall_seconds=4.0)
    assert (ledger["attempted"], ledger["accepted"]) == (5, 2)
    assert ledger["rejected"] == {"TA401": 2, "TA702": 1}
    assert (ledger["requests"], ledger["prompt_tokens"], ledger["completion_tokens"]) == (3, 3000, 300)
    assert ledger["usd"] == pytest.approx(0.006)
    assert ledger["stages"]["judge"]["requests"] == 2
    assert ledger["per_accepted"]["requests"] == 1.5
    assert ledger["per_accepted"]["wall_seconds"] == 2.0
    write_ledger(store.folder, ledger)
    assert json.loads((store.folder / "ledger.json").read_text()) == ledger


async def test_the_ledger_tells_how_much_of_the_wording_of_what_was_accepted_is_the_models(
    store: Store,
) -> None:
    first = {"masked": [1, 4], "replaced": [4], "refused": [{"turn": 1, "rule": "no-reply"}] * 3}
    second = {"masked": [1], "replaced": [], "refused": [{"turn": 1, "rule": "echo"}]}
    for id, status in (("d0", "accepted"), ("d1", "rejected"), ("d2", "accepted")):
        record = {"id": id, "messages": [], "metadata": {"refinement": [first, second]}}
        await store.keep(id, Outcome(status=status, rule=None, record=record))  # type: ignore[arg-type]
    ledger = ledger_of(store.journal, wanted=100, strategy="nar", model="m", price=None, wall_seconds=0.0)
    assert ledger["refinement"] == {"masked": 6, "replaced": 2, "refused": {"echo": 2, "no-reply": 6}}


async def test_dollars_are_unknown_without_a_price_and_nothing_is_divided_by_zero(store: Store) -> None:
    ledger = ledger_of(store.journal, wanted=100, strategy="nar", model="m", price=None, wall_seconds=0.0)
    assert ledger["usd"] is None
    assert set(ledger["per_accepted"].values()) == {None}


def test_an_attempt_without_a_plan_is_a_rejection_with_its_reason() -> None:
    outcome = unplannable(id="d0", seed=1, pack="p", world="w", reason="no two goals")
    assert (outcome.status, outcome.rule) == ("rejected", "unplannable")
    assert outcome.record["rejection"]["message"] == "no two goals"
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome
