"""A run from the command line: its display, its signals, and what is said when it has stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import orjson
from rich.console import Console

from engine import BudgetSpent, EventStream, RunControl, StopReason
from toolace_mt.commands.dialogue_view import dialogue_lines
from toolace_mt.commands.interrupts import leave_at_the_second
from toolace_mt.commands.live_status import telling_status
from toolace_mt.commands.progress import showing_progress
from toolace_mt.config import GenerateConfig
from toolace_mt.garbage import collect_rarely
from toolace_mt.generation import Run, generate_async

__all__ = ["generate_and_report"]

_REASONS = 3


def generate_and_report(settings: GenerateConfig) -> int:
    """Make the dialogues, say what was made, and give the exit status.  Raises ``BudgetSpent`` at its end."""
    collect_rarely()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until there is a run that can tell how it stands
    console = Console(stderr=True)

    def say_stopped() -> None:
        console.print(f"Stopped. Nothing that was paid for is lost: add --resume to go on in {settings.out}.")

    try:
        run = anyio.run(_generate, settings, console, say_stopped)
    except KeyboardInterrupt:
        say_stopped()
        return 130
    finally:
        if callable(signal.getsignal(signal.SIGINT)):
            signal.signal(signal.SIGINT, signal.default_int_handler)
    _report(run, settings, Console())
    if run.stop is StopReason.BUDGET_SPENT:
        raise BudgetSpent(
            f"the budget is spent with {run.ledger['accepted']} of {settings.count} dialogues accepted: "
            "raise it and add --resume to go on"
        )
    return 1 if run.failed or run.ledger["accepted"] < settings.count else 0


async def _generate(settings: GenerateConfig, console: Console, say_stopped: Callable[[], None]) -> Run:
    events = EventStream()
    say = _sayer(console)
    leave_at_the_second(say_stopped)
    with showing_progress(console) as display:
        events.subscribe(display.read)
        async with telling_status(display, console) as take_control:

            def opened(control: RunControl) -> None:
                take_control(control)
                if settings.is_simulated:
                    say("The model is simulated: these dialogues are for tests, and each of them says so.")

            return await generate_async(settings, events, opened=opened)


def _report(run: Run, settings: GenerateConfig, console: Console) -> None:
    """Print what was made, what it cost, what was rejected and why, one dialogue, and what to type next."""
    ledger = run.ledger
    say = _sayer(console)
    say(f"{ledger['accepted']} dialogues accepted of {ledger['attempted']} attempted, in {run.folder}")
    say(_cost_line(ledger))
    if ledger["refinement"]["masked"]:
        say(_refinement_line(ledger["refinement"]))
    for rule, count in ledger["rejected"].items():
        say(
            f"rejected by {rule}: {count} (toolace-mt rules {rule})"
            if rule.startswith("TA")
            else f"rejected as {rule}: {count}"
        )
    for name, reason in run.failed.items():
        say(f"{name} has no verdict: {reason}")
    example = _first_record(run.dialogues)
    if example is not None:
        console.print()
        for line in dialogue_lines(example):
            console.print(line, soft_wrap=True)
        console.print()
        say("Next:")
        pack = example["metadata"]["pack"]
        say(f"  toolace-mt audit {run.dialogues} --env auto     check the file, every call executed again")
        say(f"  toolace-mt packs show {pack}     see the tools")
        say(f"  toolace-mt generate --count {2 * settings.count} --out {run.folder} --resume     make more")


def _cost_line(ledger: Mapping[str, Any]) -> str:
    usd = "" if not ledger["usd"] else f", ${ledger['usd']:.4f}"
    tokens = ledger["prompt_tokens"] + ledger["completion_tokens"]
    return (
        f"cost: {ledger['requests']:,} requests, {tokens:,} tokens{usd}, "
        f"{ledger['wall_seconds']:.0f} seconds ({ledger['model']})"
    )


def _refinement_line(refinement: Mapping[str, Any]) -> str:
    """How much of the wording is the model's; the rest is as it was laid out."""
    masked, replaced, refused = refinement["masked"], refinement["replaced"], refinement["refused"]
    told = f"refined: {replaced:,} of {masked:,} masked turns"
    if not refused:
        return told
    often = sorted(refused, key=lambda rule: (-refused[rule], rule))[:_REASONS]
    return f"{told}; fills were refused by {', '.join(f'{rule} {refused[rule]:,}' for rule in often)}"


def _sayer(console: Console) -> Any:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    return say


def _first_record(path: Path) -> dict[str, Any] | None:
    with path.open("rb") as file:
        line = file.readline()
    return orjson.loads(line) if line else None
