"""Arguments that are wrong in exactly one way, to see that they are refused before a tool runs (P15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.checking.judge import Run
from sandbox.packs.reading import Pack
from sandbox.reports import CounterExample, PackFinding
from sandbox.schema import count_of
from sandbox.state.values import Chooser, draw_value, resolve
from sandbox.types import Call, Fault, FaultKind, Trajectory

__all__ = ["refusal_findings", "spoilt_arguments"]

WRONG_TYPE: dict[str, Any] = {
    "array": "not a list",
    "boolean": "not a boolean",
    "integer": "not a number",
    "number": "not a number",
    "object": "not an object",
    "string": 7,
}
LONG = 200_000


def refusal_findings(pack: Pack, run: Run, chooser: Chooser) -> Iterator[PackFinding]:
    """P15: yield what a schema lets through although one of its keywords was broken on purpose."""
    world = next(iter(pack.worlds))
    spoilt = [
        (what, Call(name=tool.name, arguments=arguments))
        for tool in pack.tools
        for what, arguments in spoilt_arguments(tool.parameters, chooser)
    ]
    executions = run([Trajectory(start=world, calls=(call,)) for _, call in spoilt])
    for (what, call), execution in zip(spoilt, executions, strict=True):
        outcome = execution.steps[0].outcome
        if not (isinstance(outcome, Fault) and outcome.kind is FaultKind.INVALID_ARGUMENTS):
            yield PackFinding(
                code="P15",
                severity="error",
                message=f"the schema lets through {what}",
                tool=call.name,
                counter_example=CounterExample(world=world, calls=(call,)),
            )


def spoilt_arguments(parameters: Mapping[str, Any], chooser: Chooser) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what is wrong, arguments): each keyword of the parameters' schema negated once."""
    good = draw_value(parameters, chooser)
    if isinstance(good, dict):
        yield from _spoilt_objects(parameters, good, parameters, chooser)


def _spoilt_objects(
    schema: Mapping[str, Any], good: dict[str, Any], root: Any, chooser: Chooser, at: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    if not at or schema.get("additionalProperties") is False:
        yield f"an unknown argument{at and f' in {at}'}", {**good, "no_such_argument": 1}
    for name in schema.get("required", ()):
        yield f"a missing {at}{name}", {key: value for key, value in good.items() if key != name}
    for name, part in schema.get("properties", {}).items():
        resolved = resolve(part, root)
        if isinstance(resolved, Mapping):
            for what, value in _spoilt_values(resolved, root, chooser, f"{at}{name}"):
                yield what, {**good, name: value}


def _spoilt_values(
    schema: Mapping[str, Any], root: Any, chooser: Chooser, name: str
) -> Iterator[tuple[str, Any]]:
    kind = schema.get("type")
    if isinstance(kind, str) and kind in WRONG_TYPE:
        yield f"{name} of a wrong type", WRONG_TYPE[kind]
        yield f"{name} that is null", None
    if schema.get("enum") and kind == "string":
        yield f"{name} outside its enum", "no such choice"
    if isinstance(schema.get("const"), str):
        yield f"{name} that is not its const", f"{schema['const']}x"
    match kind:
        case "integer" | "number":
            yield from _spoilt_numbers(schema, kind, name)
        case "string":
            yield from _spoilt_texts(schema, name)
        case "array":
            yield from _spoilt_arrays(schema, root, chooser, name)
        case "object" if "properties" in schema:
            good = draw_value(schema, chooser, root)
            yield from _spoilt_objects(schema, good, root, chooser, f"{name}.")


def _spoilt_numbers(schema: Mapping[str, Any], kind: str, name: str) -> Iterator[tuple[str, float]]:
    if kind == "integer":
        yield f"{name} with a fraction", 1.5
    beyond = {"minimum": -1, "exclusiveMinimum": 0, "maximum": 1, "exclusiveMaximum": 0}
    for keyword, step in beyond.items():
        bound = schema.get(keyword)
        if isinstance(bound, (int, float)) and (bound + step != bound or not step):
            yield f"{name} beyond its {keyword}", schema[keyword] + step
    unit = schema.get("multipleOf")
    if isinstance(unit, int) and unit > 1:
        yield f"{name} that is no multiple of {unit}", unit + 1


def _spoilt_texts(schema: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    if count_of(schema, "minLength") > 0:
        yield f"{name} shorter than minLength", ""
    if isinstance(schema.get("maxLength"), int) and schema["maxLength"] < LONG:
        yield f"{name} longer than maxLength", "x" * (schema["maxLength"] + 1)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern.startswith("^") and pattern.endswith("$"):
        yield f"{name} outside its pattern", "\x00 no such text \x00"


def _spoilt_arrays(
    schema: Mapping[str, Any], root: Any, chooser: Chooser, name: str
) -> Iterator[tuple[str, Any]]:
    items = resolve(schema.get("items", {}), root)
    good = draw_value(schema, chooser, root) or [draw_value(items, chooser, root)]
    fewest, most = count_of(schema, "minItems"), schema.get("maxItems")
    if fewest > 0:
        yield f"{name} with fewer than minItems", good[: fewest - 1]
    if isinstance(most, int) and most < LONG:
        yield f"{name} with more than maxItems", (good * (most + 1))[: most + 1]
    if schema.get("uniqueItems") and fewest <= 2:
        yield f"{name} with an item twice", [good[0], good[0]]
    if isinstance(items, Mapping):
        for what, value in _spoilt_values(items, root, chooser, f"{name}[]"):
            yield what, [value, *good[1:]]
