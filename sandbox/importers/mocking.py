"""Makes up answers that fit a schema, the same every time, and the code that gives them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from sandbox.schema import compile_schema
from sandbox.state.values import draw_value

__all__ = ["answer_for", "echoed", "function_source"]

TRIES = 40


def answer_for(schema: Any, given: Sequence[Any], seed: str) -> Any:
    """Give the first of ``given`` that fits, else a made-up one.  Raises ``ValueError`` if none is found."""
    fits = compile_schema(schema).fits
    for value in (*(part for part in given if _is_json(part)), *_made_up(schema, seed)):
        if fits(value):
            return value
    raise ValueError("no value that fits its schema was found")


def _is_json(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _made_up(schema: Any, seed: str) -> Iterator[Any]:
    for number in range(TRIES):
        chance = random.Random(f"{seed} {number}")
        yield draw_value(schema, _Chance(chance, lavish=number < TRIES // 2))


class _Chance:
    """Seeded choices; a lavish one takes whatever is optional."""

    def __init__(self, chance: random.Random, *, lavish: bool) -> None:
        self._chance = chance
        self._lavish = lavish

    def integer(self, low: int, high: int) -> int:
        if self._lavish and (low, high) == (0, 1):
            return 1
        return self._chance.randint(low, high)

    def matching(self, pattern: str) -> str:
        quiet = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
        try:
            return str(find(st.from_regex(pattern), bool, settings=quiet, random=self._chance))
        except (HypothesisException, ValueError):
            return ""


def echoed(parameters: Mapping[str, Any], returns: Any) -> tuple[str, ...]:
    """Name the parameters that the answer repeats: same name, same schema, at the top of the result."""
    if not isinstance(returns, Mapping) or returns.get("type") != "object":
        return ()
    results = returns.get("properties", {})
    return tuple(
        name
        for name, schema in parameters.get("properties", {}).items()
        if name in results and _bare(schema) == _bare(results[name])
    )


def _bare(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    return {key: value for key, value in schema.items() if key not in ("default", "description")}


def function_source(
    name: str, parameters: Mapping[str, Any], *, repeats: Sequence[str], recorded: bool
) -> str:
    """Write the tool's function: the recorded answer to the same arguments, else the one made up."""
    required = set(parameters.get("required", ()))
    names = sorted(parameters.get("properties", {}), key=lambda part: part not in required)
    signature = ", ".join(["state", "ctx", *(part if part in required else f"{part}=None" for part in names)])
    lines = [f"def {name}({signature}):", f'    row = state["answers"]["{name}"]']
    if recorded:
        given = ", ".join(f'"{part}": {part}' for part in names)
        lines += [
            f"    given = {{{given}}}",
            '    for recording in row["recordings"]:',
            '        if recording["arguments"] == given:',
            '            return ctx.copy(recording["value"])',
        ]
    lines.append('    answer = ctx.copy(row["value"])')
    for part in repeats:
        assign = f'answer["{part}"] = {part}'
        lines += (
            [f"    {assign}"] if part in required else [f"    if {part} is not None:", f"        {assign}"]
        )
    return "\n".join([*lines, "    return answer", ""])
