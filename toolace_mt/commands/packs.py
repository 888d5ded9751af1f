"""``toolace-mt packs``: list, show, check, run, import and serve tool packs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click
import orjson

from toolace_mt.commands.isolation_option import isolation_option
from toolace_mt.commands.packs_check import report_lines
from toolace_mt.commands.packs_import import import_command
from toolace_mt.commands.packs_serve import serve_command
from toolace_mt.commands.packs_strict import changes_of, run_strictly
from toolace_mt.commands.plain_text import plain
from toolace_mt.commands.wrong_input import WrongInput

if TYPE_CHECKING:
    from sandbox import Call, Execution, Outcome, Pack, PlannedFault, Trajectory

__all__ = ["packs"]

DIALOGUES_PER_RUN = 64


@click.group()
def packs() -> None:
    """List, show, check, run, import and serve tool packs."""


packs.add_command(import_command)
packs.add_command(serve_command)


@packs.command("list")
def list_packs() -> None:
    """List the shipped packs."""
    from rich.console import Console
    from rich.table import Table

    from sandbox import open_pack, shipped_packs

    table = Table("pack", "version", "tools", "worlds", "tasks", "description")
    for name in shipped_packs():
        pack = open_pack(name)
        numbers = (str(len(part)) for part in (pack.tools, pack.worlds, pack.tasks))
        table.add_row(name, pack.version, *numbers, pack.description)
    Console().print(table)


@packs.command("show")
@click.argument("pack")
def show_pack(pack: str) -> None:
    """Show a pack's tools, worlds and rules.  PACK is a shipped name or a folder."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from sandbox import open_pack

    opened = open_pack(pack)
    console = Console()
    about = plain(f"{opened.version} ({opened.licence}): {opened.description}")
    console.print(f"[bold]{opened.name}[/bold] {escape(about)}")
    if opened.mock is not None:
        console.print(
            f"[bold]mock: {opened.mock}[/bold]: nothing is computed; an audit concludes little from it"
        )
    worlds = plain(", ".join(opened.worlds))
    console.print(
        f"worlds: {worlds}; clock: {opened.clock}; digest: {opened.digest[:16]}",
        markup=False,
        highlight=False,
    )
    table = Table("tool", "effect", "arguments", "errors", "description")
    for tool in opened.tools:
        required = set(_strings(tool.parameters.get("required")))
        properties = tool.parameters.get("properties")
        names = list(properties) if isinstance(properties, dict) else []
        arguments = ", ".join(name if name in required else f"{name}?" for name in names)
        cells = (tool.name, tool.effect, arguments, ", ".join(tool.errors), tool.description)
        table.add_row(*(escape(plain(cell)) for cell in cells))
    console.print(table)
    if opened.policy:
        console.print(plain(opened.policy), markup=False)


def _strings(value: object) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, (list, tuple)) else []


@packs.command("check")
@click.argument("packs", nargs=-1, required=True)
@click.option("--examples", default=200, show_default=True, help="Random call sequences per pack.")
@click.option("--seed", default=0, show_default=True, help="Seed of the random sequences.")
@isolation_option
def check_packs(packs: tuple[str, ...], examples: int, seed: int, isolation: str) -> None:
    """Check packs: their files, their example tasks, and properties over random call sequences.

    Exit status 1 if any pack has an error; warnings alone do not count.
    """
    from hypothesis.configuration import set_hypothesis_home_dir

    from sandbox import check_pack, open_pack

    opened = [open_pack(name) for name in packs]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        set_hypothesis_home_dir(scratch)  # else it leaves a folder where the user happens to be
        try:
            for name, pack in zip(packs, opened, strict=True):
                report = check_pack(pack, examples=examples, seed=seed, required=isolation)
                failed = failed or bool(report.errors)
                for line in report_lines(name, pack, report):
                    click.echo(plain(line))
        finally:
            set_hypothesis_home_dir(None)
    if failed:
        sys.exit(1)


@packs.command("run")
@click.argument("pack")
@click.argument("calls_file", metavar="[CALLS.jsonl]", required=False)
@click.option(
    "--call", "single_calls", multiple=True, metavar="'TOOL {json}'", help="A call of one dialogue."
)
@click.option("--world", help="The world to start from; the first one by default.")
@click.option(
    "--strict", is_flag=True, help='Name the laws that a call breaks (see packs check) under "broken".'
)
@click.option(
    "--set", "changes", multiple=True, metavar="PATH=JSON", help="Change the world first; with --strict."
)
@isolation_option
def run_pack(
    pack: str,
    calls_file: str | None,
    single_calls: tuple[str, ...],
    world: str | None,
    strict: bool,
    changes: tuple[str, ...],
    isolation: str,
) -> None:
    """Execute dialogues of calls on PACK and print what each call did, one JSON line a dialogue.

    Each line of CALLS.jsonl (- for standard input) is a list of {"name", "arguments"}, or an object with
    "calls" and optionally "world" and "faults".  All --call options together are one dialogue.
    """
    from sandbox import open_pack

    opened = open_pack(pack)
    start = world if world is not None else next(iter(opened.worlds))
    opened.world(start)
    if calls_file is None and not single_calls:
        raise click.UsageError("nothing to run: give CALLS.jsonl or --call 'TOOL {json}'")
    if changes and not strict:
        raise click.UsageError("--set is for trying out counter-examples: give --strict too")
    dialogues = _all_dialogues(opened, start, calls_file, single_calls)
    if strict:
        run_strictly(opened, dialogues, changes_of(changes), _outcome, isolation=isolation)
    else:
        _run_all(opened, dialogues, isolation)


def _all_dialogues(
    pack: Pack, world: str, calls_file: str | None, single_calls: tuple[str, ...]
) -> Iterator[Trajectory]:
    if single_calls:
        from sandbox import Trajectory

        yield Trajectory(start=world, calls=tuple(_single_call(text) for text in single_calls))
    if calls_file is not None:
        yield from _file_dialogues(pack, world, calls_file)


def _single_call(text: str) -> Call:
    from sandbox import Call

    name, _, rest = text.strip().partition(" ")
    try:
        arguments = orjson.loads(rest) if rest.strip() else {}
    except orjson.JSONDecodeError as error:
        raise WrongInput(f"--call {text!r}: the arguments are not JSON: {error.msg}") from None
    if not name or not isinstance(arguments, dict):
        raise WrongInput(f"--call {text!r}: write a tool's name, a space and a JSON object of arguments")
    return Call(name=name, arguments=arguments)


def _file_dialogues(pack: Pack, world: str, calls_file: str) -> Iterator[Trajectory]:
    place = "standard input" if calls_file == "-" else calls_file
    try:
        with click.open_file(calls_file, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _dialogue(pack, world, line, f"{place} line {number}")
    except OSError as error:
        raise WrongInput(
            f"{calls_file}: cannot be read: {error.strerror}; give a file or - for standard input"
        ) from None


def _dialogue(pack: Pack, world: str, line: bytes, place: str) -> Trajectory:
    from sandbox import Call, Trajectory, UnknownWorld

    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise WrongInput(f"{place}: not JSON: {error.msg}; write one list of calls per line") from None
    if isinstance(entry, list):
        entry = {"calls": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("calls"), list):
        raise WrongInput(f'{place}: write a list of calls, or an object with "calls" and optionally "world"')
    unknown = sorted(set(entry) - {"world", "calls", "faults"})
    if unknown:
        raise WrongInput(f'{place}: unknown key {unknown[0]!r}; known are "world", "calls" and "faults"')
    start = entry.get("world", world)
    calls = []
    for index, call in enumerate(entry["calls"]):
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise WrongInput(
                f'{place}: call {index} has no name; write {{"name": ..., "arguments": {{...}}}}'
            )
        arguments = call.get("arguments", {})
        if not isinstance(arguments, dict):
            raise WrongInput(f"{place}: call {index}: the arguments must be a JSON object")
        calls.append(Call(name=call["name"], arguments=arguments))
    try:
        pack.world(start if isinstance(start, str) else repr(start))
    except UnknownWorld as error:
        raise WrongInput(f"{place}: {error}") from None
    return Trajectory(start=start, calls=tuple(calls), faults=_faults(entry.get("faults", {}), place))


def _faults(entry: object, place: str) -> dict[int, PlannedFault]:
    from sandbox import FaultKind, PlannedFault

    remedy = 'write {"CALL NUMBER": {"kind", "code", "message"}}'
    if not isinstance(entry, dict):
        raise WrongInput(f"{place}: faults must be an object; {remedy}")
    faults = {}
    for number, fault in entry.items():
        if not number.isdecimal() or not isinstance(fault, dict):
            raise WrongInput(f"{place}: faults: {number!r} is no call's number with a fault; {remedy}")
        kind = fault.get("kind", FaultKind.TOOL_ERROR.value)
        if kind not in {known.value for known in FaultKind}:
            known = ", ".join(known.value for known in FaultKind)
            raise WrongInput(f"{place}: faults: unknown kind {kind!r}; known are {known}")
        faults[int(number)] = PlannedFault(
            kind=FaultKind(kind), code=str(fault.get("code", kind)), message=str(fault.get("message", ""))
        )
    return faults


def _run_all(pack: Pack, dialogues: Iterator[Trajectory], isolation: str) -> None:
    """Run dialogues as they are read; what was printed before a wrong line stays."""
    import anyio.from_thread

    from sandbox import open_runtime

    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_runtime(workers=1, required=isolation)) as runtime,
    ):

        def execute(batch: list[Trajectory]) -> None:
            for execution in portal.call(runtime.run, pack, batch):
                click.echo(orjson.dumps(_line(execution)).decode())

        _in_batches(dialogues, execute)


def _in_batches(dialogues: Iterator[Trajectory], execute: Callable[[list[Trajectory]], None]) -> None:
    batch: list[Trajectory] = []
    try:
        for dialogue in dialogues:
            batch.append(dialogue)
            if len(batch) == DIALOGUES_PER_RUN:
                execute(batch)
                batch = []
    finally:
        if batch:
            execute(batch)


def _line(execution: Execution) -> dict[str, Any]:
    return {
        "outcomes": [_outcome(step.outcome) for step in execution.steps],
        "final_state_digest": execution.final_state_digest,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    from sandbox import Fault, Returned

    match outcome:
        case Returned(value):
            return {"status": "returned", "value": value}
        case Fault(kind, code, message):
            return {"status": "fault", "kind": kind.value, "code": code, "message": message}
