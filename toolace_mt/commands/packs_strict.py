"""``toolace-mt packs run --strict``: shows which laws calls break, as ``packs check`` judges them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import orjson

from toolace_mt.commands.wrong_input import WrongInput

if TYPE_CHECKING:
    from sandbox import JsonValue, Judgement, Outcome, Pack, Trajectory

__all__ = ["changes_of", "run_strictly"]


def changes_of(options: Sequence[str]) -> dict[str, JsonValue]:
    """Read the values of ``--set``: PATH=JSON."""
    changes = {}
    for option in options:
        path, equals, text = option.partition("=")
        try:
            changes[path] = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise WrongInput(f"--set {option!r}: the value is not JSON: {error.msg}") from None
        if not path or not equals:
            raise WrongInput(f"--set {option!r}: write PATH=JSON, such as flights.F1.seats_free=0")
    return changes


def run_strictly(
    pack: Pack,
    dialogues: Iterator[Trajectory],
    changes: Mapping[str, JsonValue],
    written: Callable[[Outcome], dict[str, Any]],
    *,
    isolation: str,
) -> None:
    """Print a line for each dialogue; ``written`` says how an outcome looks in it."""
    from sandbox import CounterExample, judge_examples

    examples = []
    for dialogue in dialogues:
        if dialogue.faults:
            raise WrongInput('--strict judges what the tools do themselves; take "faults" out')
        assert isinstance(dialogue.start, str)
        examples.append(CounterExample(world=dialogue.start, calls=dialogue.calls, changes=changes))
    for judgement in judge_examples(pack, examples, required=isolation):
        click.echo(orjson.dumps(_line(judgement, written)).decode())


def _line(judgement: Judgement, written: Callable[[Outcome], dict[str, Any]]) -> dict[str, Any]:
    return {
        "outcomes": [written(outcome) for outcome in judgement.outcomes],
        "final_state_digest": judgement.final_state_digest,
        "broken": [
            {
                "call": breach.call,
                "property": breach.code,
                "tool": breach.tool,
                "invariant": breach.invariant,
                "message": breach.message,
            }
            for breach in judgement.broken
        ],
    }
