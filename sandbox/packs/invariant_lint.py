"""Static checks of the laws that a pack declares: they must speak of what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.packs.invariants import FIELDS_OF_KIND, Invariant
from sandbox.packs.reading import Pack
from sandbox.reports import PackFinding
from sandbox.state.world import values_at

__all__ = ["invariant_findings"]

FIELDS = frozenset(Invariant.model_fields) - {"name", "kind"}
ROOTS = ("arguments.", "result.")


def invariant_findings(pack: Pack) -> Iterator[PackFinding]:
    """Yield what is wrong with a pack's laws; with any of it they cannot be judged."""
    for invariant in pack.invariants:
        for message in (*_field_problems(invariant), *_path_problems(pack, invariant)):
            yield PackFinding(
                code="static", severity="error", message=f"invariant {invariant.name}: {message}"
            )
        yield from _tool_findings(pack, invariant)


def _field_problems(invariant: Invariant) -> Iterator[str]:
    needed, allowed = FIELDS_OF_KIND[invariant.kind]
    for field in sorted(FIELDS):
        given = bool(getattr(invariant, field))
        if field in needed and not given:
            yield f"{field} is empty; the kind {invariant.kind} needs it"
        if given and field not in needed | allowed:
            yield f"the kind {invariant.kind} has no {field}; take it out"


def _path_problems(pack: Pack, invariant: Invariant) -> Iterator[str]:
    for path in (*invariant.sum, *invariant.paths):
        found = [value for state in pack.worlds.values() for value in values_at(state, path)]
        if not found:
            yield f"{path!r} leads to nothing in any world"
        elif not all(isinstance(value, (int, float)) for value in found):
            yield f"{path!r} leads to something that is no number"
    for path in (*invariant.arguments.values(), *invariant.shows.values()):
        if not path.startswith(ROOTS):
            yield f"{path!r} must start with {' or '.join(ROOTS)}"


def _tool_findings(pack: Pack, invariant: Invariant) -> Iterator[PackFinding]:
    known = {tool.name: tool for tool in pack.tools}
    read = [invariant.read] if invariant.read is not None else []
    for name in (*invariant.tools, *read):
        if name not in known:
            message = f"invariant {invariant.name}: {name!r} is no tool of this pack"
            yield PackFinding(code="static", severity="error", message=message)
    if invariant.read in known:
        parameters = known[invariant.read].parameters.get("properties", {})
        for argument in invariant.arguments:
            if isinstance(parameters, Mapping) and argument not in parameters:
                message = f"invariant {invariant.name}: {argument!r} is no parameter of {invariant.read}"
                yield PackFinding(code="static", severity="error", message=message, tool=invariant.read)
