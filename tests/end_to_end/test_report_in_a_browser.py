"""The audit's page does in Chromium what it is for, at two widths, and runs nothing that the data brings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.browser import Tab, find_chromium, open_browser
from toolace_mt.auditing import audit

WIDTHS: Final = (1280, 480)
HOSTILE: Final = (
    "</script><script>window.injected=1</script><img src=x onerror=window.injected=1>"
    "<a href='javascript:window.injected=1'>a</a>\u2028'\"`${window.injected=1}&lt;/*DATA*/ \u202e"
)
SHOWN: Final = HOSTILE.replace("\u202e", "\ufffd")
RULE: Final = "document.querySelector('details.rule[data-rule=TA401]')"
VALUES: Final = "[...document.querySelectorAll('#dialogue .value')]"

chromium = find_chromium()
pytestmark = pytest.mark.skipif(chromium is None, reason="no Chromium is installed")


def call(number: int, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}],
    }


def tool(name: str, *parameters: str) -> dict[str, Any]:
    properties = {parameter: {"type": "string"} for parameter in parameters}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"type": "function", "function": {"name": name, "description": HOSTILE, "parameters": schema}}


def desk_dialogue(number: int) -> dict[str, Any]:
    """A dialogue whose second call has an identifier that nobody gave."""
    return {
        "id": f"desk{number}",
        "tools": [tool("get_order", "order_id"), tool("cancel_order", "order_id")],
        "messages": [
            {"role": "user", "content": "Please see to order O1723."},
            call(0, "get_order", {"order_id": "O1723"}),
            {"role": "tool", "tool_call_id": "c0", "content": json.dumps({"status": "pending"})},
            call(1, "cancel_order", {"order_id": f"O98{number:03}"}),
            {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"error": "no such order"})},
            {"role": "assistant", "content": "That could not be done."},
        ],
    }


def hostile_dialogue() -> dict[str, Any]:
    return {
        "id": HOSTILE,
        "tools": [tool(HOSTILE, HOSTILE)],
        "messages": [
            {"role": "user", "content": HOSTILE},
            call(0, HOSTILE, {HOSTILE: HOSTILE, "more": [HOSTILE]}),
            {"role": "tool", "tool_call_id": HOSTILE, "content": HOSTILE},
            {"role": "assistant", "content": HOSTILE},
            {"role": "assistant", "content": HOSTILE},
        ],
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report on two files, one of them hostile down to its name."""
    folder = tmp_path_factory.mktemp("audited")
    calm, hostile = folder / "calm.jsonl", folder / "<img src=x onerror=window.injected=1>.jsonl"
    calm.write_text("".join(json.dumps(desk_dialogue(number)) + "\n" for number in range(150)))
    hostile.write_text(json.dumps(hostile_dialogue()) + "\n" + json.dumps({"id": 1, HOSTILE: HOSTILE}) + "\n")
    audit([calm, hostile], out=folder / "out")
    return (folder / "out" / "report.html").as_uri()


@pytest.fixture(scope="module")
async def tab(anyio_backend: str) -> AsyncIterator[Tab]:  # noqa: ARG001  # so that one browser serves all tests
    assert chromium is not None
    async with open_browser(chromium) as opened:
        yield opened


async def rows(tab: Tab) -> int:
    found: int = await tab.value("document.querySelectorAll('#rows tbody tr').length")
    return found


async def choose(tab: Tab, field: str, value: str) -> None:
    await tab.value(
        f"(() => {{ const field = document.getElementById('{field}'); field.value = {json.dumps(value)};"
        " field.dispatchEvent(new Event('change')); })()"
    )


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_page_is_quiet_fetches_nothing_and_does_not_scroll_sideways(
    tab: Tab, page: str, width: int
) -> None:
    await tab.open(page, width=width)
    await tab.value("document.querySelectorAll('details.rule').forEach((rule) => { rule.open = true; })")
    await tab.until("document.querySelectorAll('ul.examples').length > 0")
    assert await tab.value("document.documentElement.scrollWidth") <= width
    assert await tab.value("typeof window.injected") == "undefined"
    assert (tab.requested(), tab.complaints()) == ([], [])


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_rule_leads_to_the_dialogue_with_the_finding_at_its_turn(
    tab: Tab, page: str, width: int
) -> None:
    await tab.open(page, width=width)
    await tab.click(f"{RULE}.querySelector('summary')")
    await tab.until(f"{RULE}.querySelector('ul.examples button') !== null")
    await tab.click(f"{RULE}.querySelector('ul.examples button')")
    await tab.until("document.getElementById('viewer').open")
    marked = "[...document.querySelectorAll('#dialogue .turn.marked')]"
    assert await tab.value(f"{marked}.map((turn) => turn.dataset.turn)") == ["3"]
    assert "O98000' is nowhere before this call" in await tab.value(f"{marked}[0].textContent")
    assert await tab.value(f"{marked}[0].getBoundingClientRect().top < innerHeight")
    assert await tab.value(
        "document.querySelector('#viewer').scrollWidth <= document.querySelector('#viewer').clientWidth"
    )


async def test_a_value_tells_its_source_to_the_mouse_and_to_the_keyboard(tab: Tab, page: str) -> None:
    await tab.open(page, width=1280)
    await choose(tab, "by-rule", "TA401")
    await tab.click("document.querySelector('#rows tbody button')")
    await tab.until("document.getElementById('viewer').open")
    tip = "document.getElementById('tip')"
    assert await tab.value(f"{tip}.hidden")
    await tab.point_at(f"{VALUES}[0]")
    await tab.until(f"!{tip}.hidden")
    assert (await tab.value(f"{tip}.textContent")).startswith("user: ")
    assert await tab.value(
        "[...document.querySelectorAll('.turn.source')].map((turn) => turn.dataset.turn)"
    ) == ["0"]
    await tab.value(f"{VALUES}[1].focus()")
    assert await tab.value(f"{tip}.textContent") == "no source before this call"
    await tab.press("Escape", 27)
    assert await tab.value(f"{tip}.hidden && document.getElementById('viewer').open")
    await tab.press("Escape", 27)
    await tab.until("!document.getElementById('viewer').open")


async def test_the_source_stays_shown_while_tabbing_scrolls_the_dialogue(tab: Tab, page: str) -> None:
    await tab.open(page, width=480, height=240)
    await choose(tab, "by-rule", "TA401")
    await tab.click("document.querySelector('#rows tbody button')")
    await tab.until("document.getElementById('viewer').open")
    await tab.value("document.getElementById('viewer').scrollTo(0, 0)")
    scrolled = "document.getElementById('viewer').scrollTop"
    await tab.until(f"{scrolled} === 0")
    await tab.value(f"{VALUES}[1].focus()")
    await tab.until(f"{scrolled} > 0")
    await tab.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await tab.value("document.getElementById('tip').textContent") == "no source before this call"
    assert not await tab.value("document.getElementById('tip').hidden")


async def test_ten_thousand_findings_are_all_searched_and_a_hundred_are_drawn(
    tab: Tab, tmp_path: Path
) -> None:
    calls = [
        call(number, "get_order", {"order_id": f"O98{number}17"})["tool_calls"][0] for number in range(12)
    ]
    said = [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": None, "tool_calls": calls},
    ]
    path = tmp_path / "many.jsonl"
    path.write_text(
        "".join(json.dumps({"id": f"d{number}", "messages": said}) + "\n" for number in range(900))
    )
    assert len(audit(path, out=tmp_path / "out").findings) == 10_800
    await tab.open((tmp_path / "out" / "report.html").as_uri(), width=1280)
    assert await tab.value("document.querySelectorAll('*').length") < 2_000
    await tab.click("document.getElementById('search')")
    await tab.write("o981117")
    await tab.until("document.getElementById('shown').textContent.startsWith('100 of 833 shown')")


async def test_text_and_filters_narrow_the_findings_and_pages_go_on(tab: Tab, page: str) -> None:
    await tab.open(page, width=1280)
    assert await rows(tab) == 100
    await tab.click("document.getElementById('more')")
    assert await rows(tab) > 100
    await tab.click("document.getElementById('search')")
    await tab.write("o98007 calm")
    await tab.until("document.querySelectorAll('#rows tbody tr').length === 1")
    assert "O98007" in await tab.value("document.querySelector('#rows tbody').textContent")
    await tab.click("document.getElementById('clear')")
    await tab.until("document.querySelectorAll('#rows tbody tr').length === 100")
    await choose(tab, "by-tool", SHOWN)
    found = await rows(tab)
    assert 0 < found < 100
    await choose(tab, "by-severity", "error")
    assert 0 < await rows(tab) <= found
    await choose(tab, "by-rule", "TA401")
    assert "0 of 0 shown" in await tab.value("document.getElementById('shown').textContent")
    await tab.click("document.getElementById('clear')")
    files = await tab.value("[...document.getElementById('by-file').options].map((file) => file.value)")
    await choose(tab, "by-file", next(file for file in files if "img" in file))
    assert 0 < await rows(tab) < 100


async def test_a_hostile_dialogue_is_shown_as_text(tab: Tab, page: str) -> None:
    await tab.open(page, width=480)
    await choose(tab, "by-tool", SHOWN)
    await tab.click("document.querySelector('#rows tbody button')")
    await tab.until("document.getElementById('viewer').open")
    for number in range(await tab.value(f"{VALUES}.length")):
        await tab.value(f"{VALUES}[{number}].focus()")
    shown = await tab.value("document.getElementById('dialogue').textContent")
    assert shown.count(SHOWN) >= 4
    assert await tab.value("document.querySelectorAll('img, iframe, a[href^=javascript]').length") == 0
    assert await tab.value("typeof window.injected") == "undefined"
    assert (tab.requested(), tab.complaints()) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_what_is_behind_them(tab: Tab, page: str, scheme: str) -> None:
    """The contrast of each colour of text on each ground that it is used on is at least 4.5 (WCAG AA)."""
    await tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    await tab.open(page, width=1280)
    ratios = await tab.value(
        """(() => {
          const style = getComputedStyle(document.documentElement);
          const light = (name) => { const hex = style.getPropertyValue(name).trim();
            const full = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex;
            const [r, g, b] = [1, 3, 5].map((at) => parseInt(full.slice(at, at + 2), 16) / 255)
              .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const pairs = {};
          for (const ink of ["--ink", "--quiet", "--error", "--warning", "--info", "--good"])
            for (const ground of ["--paper", "--soft", "--mark", "--source"]) {
              const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
              pairs[`${ink} on ${ground}`] = (high + 0.05) / (low + 0.05); }
          return pairs; })()"""
    )
    await tab.send("Emulation.setEmulatedMedia", features=[])
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}
