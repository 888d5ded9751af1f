"""The checker finds what is planted, and finds nothing where nothing is."""

from __future__ import annotations

import dataclasses
import json

import pytest

from sandbox import CounterExample, Pack, check_pack

PLANTED_BUGS = {
    "P1 crash": ("P1", "lend_book", "if days > 20:\n        return state['nothing']"),
    "P3 undeclared": ("P3", "lend_book", "if days > 20:\n        ctx.fail('closed', '')"),
    "P3 misfit": ("P3", "lend_book", "if days > 20:\n        return {'loan_id': 1, 'due': ''}"),
    "P2 not plain": ("P2", "lend_book", "if days > 20:\n        return {'loan_id': 'N0', 'due': (1, 2)}"),
    "P4 off schema": ("P4", "lend_book", "book['copies_free'] -= 0.5\n    book['copies_free'] += 0.25"),
    "P6 outside touches": ("P6", "return_book", "state['members']['M-1']['fee_cents'] += 1"),
    "P6 read writes": ("P6", "find_books", "state['books']['B-1']['tags'].append('read')"),
    "P7 before error": (
        "P7",
        "lend_book",
        "member['name'] = 'x'\n    if days > 20:\n        ctx.fail('none_left', '')",
    ),
    "P10 sharing": (
        "P10",
        "find_books",
        "if tag == 'novel':\n        return {'books': state['shelf']['S']['books']}",
    ),
    "P11 money": ("P11", "return_book", "state['books'][loan['book_id']]['copies_free'] += 1"),
    "P16 steps": ("P16", "find_books", "total = sum([n for n in range(51000)])"),
}
AFTER = {
    "lend_book": '    member = find_row(state["members"], member_id, ctx, "member")\n',
    "return_book": '    loan = find_row(state["loans"], loan_id, ctx, "loan")\n',
    "find_books": "def find_books(state, ctx, tag=None, limit=5):\n",
}


def _with_bug(pack: Pack, tool: str, bug: str) -> Pack:
    assert AFTER[tool] in pack.source
    source = pack.source.replace(AFTER[tool], f"{AFTER[tool]}    {bug}\n")
    shelf = {"S": {"books": [{"book_id": "B-1", "title": "Emma"}]}}
    worlds = {name: {**state, "shelf": shelf} for name, state in pack.worlds.items()}
    schema = json.loads(json.dumps(pack.state_schema))
    schema["properties"]["shelf"] = {}
    return dataclasses.replace(pack, source=source, worlds=worlds, state_schema=schema, digest=bug)


def test_a_sound_pack_has_no_finding(library: Pack) -> None:
    report = check_pack(library, examples=60)
    assert report.findings == ()
    assert report.coverage["lend_book"].unreached == ()
    assert report.calls > 100


@pytest.mark.parametrize(("code", "tool", "bug"), PLANTED_BUGS.values(), ids=PLANTED_BUGS.keys())
def test_a_planted_bug_is_found(library: Pack, code: str, tool: str, bug: str) -> None:
    report = check_pack(_with_bug(library, tool, bug), examples=15)
    found = {(finding.code, finding.tool) for finding in report.errors}
    assert (code, tool) in found or ("task", tool) in found, report.findings
    if ("task", tool) not in found:
        (finding,) = (finding for finding in report.errors if (finding.code, finding.tool) == (code, tool))
        assert finding.counter_example is not None
        assert finding.counter_example.calls[-1].name == tool


def test_a_counter_example_is_shrunk_to_the_guilty_call(library: Pack) -> None:
    report = check_pack(_with_bug(library, *PLANTED_BUGS["P1 crash"][1:]), examples=60)
    (finding,) = (finding for finding in report.errors if finding.code == "P1")
    example = finding.counter_example
    assert isinstance(example, CounterExample)
    (call,) = example.calls
    assert call.arguments["days"] == 21


def test_the_same_seed_finds_the_same(library: Pack) -> None:
    pack = _with_bug(library, *PLANTED_BUGS["P1 crash"][1:])
    assert check_pack(pack, examples=20, seed=3) == check_pack(pack, examples=20, seed=3)


def test_refused_code_is_one_finding_and_nothing_runs(library: Pack) -> None:
    report = check_pack(dataclasses.replace(library, source="import os\n", digest="refused"))
    assert [finding.message for finding in report.errors] == [
        "tools.py line 1: only functions and immutable constants may stand at the top level"
    ]
    assert report.calls == 0
