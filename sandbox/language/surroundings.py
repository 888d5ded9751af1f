"""What guarded tool code finds around it: guards of operators, methods and built-ins, on one meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from sandbox.language.builtin_guards import builtin_guards
from sandbox.language.ctx import CONTEXT_ATTRIBUTES, RANDOM_ATTRIBUTES, SeededRandom, ToolContext
from sandbox.language.guards import Operators
from sandbox.language.meter import Meter
from sandbox.language.methods import Guard, method_guards

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """One process's guards: whatever code is loaded into them charges the same meter."""

    meter: Meter
    names: Mapping[str, Any]

    @classmethod
    def of(cls, meter: Meter) -> Surroundings:
        """Make all guards; they hold nothing of any tool code."""
        methods: dict[tuple[type, str], Guard] = {}
        operators = Operators(meter, methods)
        methods.update(method_guards(operators))
        methods.update({(ToolContext, name): None for name in CONTEXT_ATTRIBUTES})
        methods.update({(SeededRandom, name): None for name in RANDOM_ATTRIBUTES})
        return cls(meter=meter, names={**builtin_guards(operators), **operators.names()})

    def load(self, code: CodeType) -> dict[str, Any]:
        """Execute compiled tool code's definitions, in a namespace of its own; give its functions."""
        names = {"__builtins__": {}, "__name__": "tools", **self.names}
        known = set(names)
        exec(code, names)  # noqa: S102  # the policy has rewritten it, and this is a confined worker
        return {name: value for name, value in names.items() if name not in known}
