"""The page holds all it needs, and nothing of the data is markup in it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from toolace_mt.auditing import audit

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> <!-- \u2028 &amp;"


class Tags(HTMLParser):
    """Collects what a browser would build of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.data = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.addresses += [str(given[key]) for key in ("src", "href", "action") if key in given]
        self._in_data = given.get("id") == "data"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser gives it
        self._in_data = False

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data += data


def page_of(tmp_path: Path, records: int) -> tuple[Tags, str]:
    call = {"id": "c", "type": "function", "function": {"name": HOSTILE, "arguments": {"order_id": HOSTILE}}}
    record = {
        "id": HOSTILE,
        "tools": [{"name": HOSTILE, "description": HOSTILE, "parameters": {"type": HOSTILE}}],
        "messages": [
            {"role": "user", "content": f"Hello {HOSTILE}"},
            {"role": "assistant", "content": HOSTILE, "tool_calls": [call]},
            {"role": "user", "content": HOSTILE},
        ],
    }
    path = tmp_path / "<b>hostile.jsonl"
    path.write_text((json.dumps(record) + "\n") * records)
    audit(path, out=tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    return tags, text


def test_data_in_every_field_stays_text(tmp_path: Path) -> None:
    tags, text = page_of(tmp_path, 2)
    assert tags.tags.count("script") == 2
    assert "img" not in tags.tags
    assert "innerHTML" not in text
    assert HOSTILE in json.dumps(json.loads(tags.data), ensure_ascii=False).replace("\\u2028", "\u2028")


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    tags, text = page_of(tmp_path, 1)
    assert all(address.startswith("#") for address in tags.addresses)
    assert "default-src 'none'" in text
    assert not re.search(r"https?://", text.replace("</script><script>", ""))


def test_the_page_shows_findings_with_their_dialogues_and_sources(tmp_path: Path) -> None:
    tags, _ = page_of(tmp_path, 30)
    data = json.loads(tags.data)
    assert data["summary"]["records_with_errors"] == 30
    assert data["total"] == len(data["findings"])
    shown = data["examples"][0]
    assert [message["r"] for message in shown["messages"]] == ["user", "assistant", "user"]
    assert shown["messages"][1]["c"][0]["v"][0][2].startswith("user: words")
    assert {mark[0] for mark in shown["marks"]} >= {"TA202", "TA103"}
    assert len(data["examples"]) <= 30
    assert data["tools"] == [[HOSTILE, 30, 0, data["tools"][0][3]]]


def test_the_page_of_very_many_findings_holds_the_first_ones_and_tells_of_the_rest(tmp_path: Path) -> None:
    tags, text = page_of(tmp_path, 4000)
    data = json.loads(tags.data)
    assert len(data["findings"]) == 10_000
    assert data["total"] > 10_000
    assert len(text) < 8_000_000


def test_the_policy_names_the_page_s_own_script_and_style_and_no_other(tmp_path: Path) -> None:
    _, text = page_of(tmp_path, 1)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy is not None
    for kind, part in (("style", style), ("script", script)):
        assert part is not None
        digest = base64.b64encode(hashlib.sha256(part[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert "unsafe" not in policy[1]


def test_a_rule_that_comes_late_among_very_many_findings_is_still_listed(tmp_path: Path) -> None:
    calls = [
        {
            "id": f"c{number}",
            "function": {"name": "get_order", "arguments": f'{{"order_id": "O98{number}17"}}'},
        }
        for number in range(12)
    ]
    often = {"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "tool_calls": calls}]}
    path = tmp_path / "data.jsonl"
    path.write_text((json.dumps(often) + "\n") * 1_000 + "no JSON\n" * 150)
    report = audit(path, out=tmp_path / "out")
    tags = Tags()
    tags.feed((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    listed = [row[0] for row in json.loads(tags.data)["findings"]]
    assert report.rules == {"TA001": 150, "TA401": 12_000}
    assert listed.count("TA001") == 100


def test_of_a_long_dialogue_the_turns_around_the_findings_are_shown(tmp_path: Path) -> None:
    said = [
        {"role": role, "content": f"{role} says {number}."}
        for number in range(200)
        for role in ("user", "assistant")
    ]
    said[350] = {"role": "user", "content": ""}
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"messages": said}) + "\n")
    audit(path, out=tmp_path / "out")
    tags = Tags()
    tags.feed((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    (example,) = json.loads(tags.data)["examples"]
    turns = [message["i"] for message in example["messages"]]
    assert {0, 349, 350, 351} <= set(turns)
    assert (len(turns), example["length"]) == (60, 400)
    assert turns == sorted(turns)
