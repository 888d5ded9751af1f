"""A headless Chromium, driven over the DevTools protocol."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import anyio
import orjson
from anyio.abc import Process

__all__ = ["Browser", "Tab", "find_chromium", "open_browser"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_LONGEST_SECONDS: Final = 60
_FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-extensions", "--log-level=3",
    "--remote-debugging-port=0", "about:blank",
)  # fmt: skip


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """The connection: commands have ids and get answers, everything else is kept as an event."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []

    async def send(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Send a command and give its result; the page's own events are read meanwhile."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        while (answer := await self._receive()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    async def wait_for(self, method: str) -> None:
        """Read until this event has come."""
        while all(event["method"] != method for event in self.events):
            self.events.append(await self._receive())

    async def _receive(self) -> dict[str, Any]:
        with anyio.fail_after(_LONGEST_SECONDS):
            message: dict[str, Any] = orjson.loads((await self._socket.receive()).data)
        return message


class Tab:
    """One page: evaluates JavaScript, moves the mouse, presses keys, and keeps what went wrong in it."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    async def send(self, method: str, **parameters: Any) -> Any:
        return await self._browser.send(method, self._session, **parameters)

    async def open(self, address: str, *, width: int, height: int = 900) -> None:
        """Load a page at a width and wait until it is there."""
        self._browser.events.clear()
        await self.resize(width, height)
        await self.send("Page.navigate", url=address)
        await self._browser.wait_for("Page.loadEventFired")

    async def resize(self, width: int, height: int = 900) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    async def value(self, script: str) -> Any:
        """The value of an expression; a promise is awaited."""
        done = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, f"{script}: {done['exceptionDetails']}"
        return done["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait, in the page's own frames, until an expression is true."""
        look = f"const look = () => ({script}) ? done(true) : requestAnimationFrame(look)"
        await self.value(f"new Promise((done) => {{ {look}; look(); }})")

    async def click(self, script: str) -> None:
        """Click with the mouse on the element that an expression gives."""
        x, y = await self._middle(script)
        for kind in ("mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def point_at(self, script: str) -> None:
        """Move the mouse over the element that an expression gives."""
        x, y = await self._middle(script)
        await self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    async def write(self, text: str) -> None:
        await self.send("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    async def _middle(self, script: str) -> tuple[float, float]:
        box = await self.value(
            f"(() => {{ const element = {script}; element.scrollIntoView({{ block: 'center' }});"
            " const { x, y, width, height } = element.getBoundingClientRect();"
            " return [x + Math.min(width, innerWidth) / 2, y + height / 2]; })()"
        )
        return box[0], box[1]

    def requested(self) -> list[str]:
        """The addresses that the page asked for, itself left out."""
        sent = [event["params"] for event in self._events("Network.requestWillBeSent")]
        return [one["request"]["url"] for one in sent if one.get("type") != "Document"]

    def complaints(self) -> list[str]:
        """Errors in the console, uncaught exceptions, refusals by the page's policy, and opened alerts."""
        said = self._events(
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        )
        return [orjson.dumps(event).decode() for event in said]

    def _events(self, *methods: str) -> list[dict[str, Any]]:
        return [event for event in self._browser.events if event["method"] in methods]


@asynccontextmanager
async def open_browser(chromium: str) -> AsyncIterator[Tab]:
    """Start a browser with one tab; it ends with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [chromium, *_FLAGS[:-1], f"--user-data-dir={folder}", _FLAGS[-1]]
        async with await anyio.open_process(command, stdout=subprocess.DEVNULL) as process:
            try:
                address = await _address(process)
                async with aiohttp.ClientSession() as web, web.ws_connect(address, max_msg_size=0) as socket:
                    yield await _first_tab(Browser(socket))
            finally:
                process.terminate()


async def _address(process: Process) -> str:
    """Read on standard error where the browser listens; it says little else there."""
    said = b""
    assert process.stderr is not None
    with anyio.fail_after(_LONGEST_SECONDS):
        while (found := re.search(rb"listening on (ws://\S+)\s", said)) is None:
            said += await process.stderr.receive()
    return found[1].decode()


async def _first_tab(browser: Browser) -> Tab:
    target = await browser.send("Target.createTarget", url="about:blank")
    attached = await browser.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    tab = Tab(browser, attached["sessionId"])
    for domain in ("Page", "Runtime", "Network", "Log"):
        await tab.send(f"{domain}.enable")
    return tab
