"""The command line: finds the command, runs it, and turns what went wrong into one line and a status."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click

from toolace_mt import __version__
from toolace_mt.commands.plain_text import plain

__all__ = ["main"]

_DONE: Final = 0
_WRONG_USE: Final = 2
_BUDGET_SPENT: Final = 3
_INTERRUPTED: Final = 130

# Where each command lives; a module is imported when its command runs, so that --help is quick.
_COMMANDS: Final = {
    "generate": ("generate", "Make dialogues in which every call was really executed."),
    "stats": ("stats", "Tell how a run stands, also while it runs."),
    "audit": ("audit", "Check anybody's tool-calling data: rules, and execution in a sandbox."),
    "packs": ("packs", "List, show, check and run tool packs."),
    "rules": ("rules", "List the rules of the audit, or explain one."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command = getattr(import_module(f"toolace_mt.commands.{module}"), module)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolace-mt")
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
def toolace_mt(*, debug: bool) -> None:
    """Make, check and explain multi-turn tool-calling dialogues."""
    del debug  # read from the words themselves, because it also covers what fails before this runs


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 findings or failed jobs, 2 wrong use, 3 budget, 130 stop.

    SIGTERM and SIGHUP stop it as Ctrl-C does, with 143 and 129.
    """
    given = list(sys.argv[1:] if words is None else words)
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP

            def stop(number: int, _: FrameType | None) -> None:
                stops.append(number)
                signal.raise_signal(signal.SIGINT)

            signal.signal(number, stop)
    status = _status(given)
    sys.exit(128 + stops[0] if status == _INTERRUPTED and stops else status)


def _status(words: list[str]) -> int:
    try:
        _check_names()
        result = toolace_mt.main(words, prog_name="toolace-mt", standalone_mode=False)
    except KeyboardInterrupt:
        return _say("stopped", _INTERRUPTED)
    except click.exceptions.Abort:
        return _say("stopped", _INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return _WRONG_USE
    except click.ClickException as error:
        return _say(_one_line(error), _WRONG_USE)
    except Exception as error:  # noqa: BLE001  # the one place that turns every error into a line
        if "--debug" in words:
            traceback.print_exc()
        return _explain(error)
    return result if isinstance(result, int) else _DONE


def _check_names() -> None:
    """``engine`` and ``sandbox`` are common names; say so when another package of that name is in the way.

    They are only looked for, which is quick, and must lie beside this package.
    """
    ours = Path(__file__).resolve().parents[1]
    for name in ("engine", "sandbox"):
        found = find_spec(name)
        places = [] if found is None else list(found.submodule_search_locations or [found.origin or "?"])
        if not any(Path(place).resolve().parent == ours for place in places):
            where = places[0] if places else "nowhere"
            raise click.ClickException(
                f"another package named {name!r} hides ours ({where}): start toolace-mt from another folder, "
                "or in a virtual environment of its own"
            )


def _explain(error: Exception) -> int:
    from engine import BudgetSpent, EngineError
    from sandbox import SandboxError
    from toolace_mt.errors import ToolaceError

    match error:
        case BudgetSpent():
            return _say(str(error), _BUDGET_SPENT)
        case ToolaceError() | SandboxError() | EngineError():
            return _say(str(error), _WRONG_USE)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return _say(f"{where}{error.strerror or error}", _WRONG_USE)
        case _:
            return _say(
                f"this is a bug ({type(error).__name__}: {error}); run again with --debug before the command "
                "and report what it prints",
                1,
            )


def _one_line(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    hint = f" (see {context.command_path} --help)" if isinstance(error, click.UsageError) and context else ""
    return f"{text}{hint}"


def _say(text: str, status: int) -> int:
    click.echo(f"toolace-mt: {plain(text)}", err=True)
    return status
