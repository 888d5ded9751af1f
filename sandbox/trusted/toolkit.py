"""What a factory made: objects whose public methods are tools and whose public attributes are the world."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from sandbox.errors import EnvironmentUnusable
from sandbox.trusted.attributes import attributes_of
from sandbox.trusted.plain import write_plain

__all__ = ["Factory", "Toolkit", "find_factory", "tool_names"]

Factory = Callable[[Mapping[str, Any] | None], "Toolkit"]
STATE_METHOD = "state"
NAMES_ATTRIBUTE = "tool_names"
ERRORS_ATTRIBUTE = "tool_errors"
PREPARE_METHOD = "prepare"
ROUTINES = (FunctionType, MethodType, BuiltinFunctionType, partial)
SOURCE = re.compile(r"python:([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)")


class Toolkit:
    """Objects by name, and their tools by name.

    A function among the objects, or a method bound to one, is a tool of that name; the object of such a
    method belongs to the world.  ``otherwise`` may give another value for a result that is not plain JSON.
    """

    def __init__(
        self,
        objects: Mapping[str, Any],
        *,
        single: bool = False,
        otherwise: Callable[[Any], Any] | None = None,
    ) -> None:
        self._objects = {name: part for name, part in objects.items() if not isinstance(part, ROUTINES)}
        self._single = single
        self._otherwise = otherwise
        self._owners: dict[str, Any] = {}
        self.errors: tuple[type[BaseException], ...] = ()
        for name, part in objects.items():
            if isinstance(part, ROUTINES):
                self._add({name}, part)
            else:
                self._add_object(name, part)
        for owner in (part.__self__ for part in objects.values() if isinstance(part, MethodType)):
            if all(owner is not part for part in self._objects.values()):
                self._objects[type(owner).__name__] = owner
        if not self._owners:
            raise EnvironmentUnusable("there are no tools: nothing has public methods")

    def _add_object(self, name: str, part: Any) -> None:
        self._add(tool_names(part), part)
        declared = getattr(part, ERRORS_ATTRIBUTE, ())
        if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in declared):
            raise EnvironmentUnusable(f"{name}.{ERRORS_ATTRIBUTE} must be a tuple of exception classes")
        self.errors += tuple(declared)

    def _add(self, names: Collection[str], part: Any) -> None:
        if not self._owners.keys().isdisjoint(names):
            again = self._owners.keys() & names
            raise EnvironmentUnusable(f"two objects have a tool {min(again)}; give one of them another name")
        self._owners.update(dict.fromkeys(names, part))

    @property
    def tools(self) -> dict[str, Callable[..., Any]]:
        """All tools by name."""
        return {name: self.tool(name) for name in self._owners}

    def tool(self, name: str) -> Any:
        """Give the tool of a name, None if there is none; looked up when it is called, for most never are."""
        if name not in self._owners:
            return None
        owner = self._owners[name]
        return owner if isinstance(owner, ROUTINES) else getattr(owner, name)

    def write_result(self, value: Any) -> bytes:
        """Write a tool's result as JSON."""
        return write_plain(value, otherwise=self._otherwise)

    def write_state(self) -> bytes:
        """Write the world as canonical JSON."""
        states = {name: _state_of(part) for name, part in self._objects.items()}
        return write_plain(next(iter(states.values()), {}) if self._single else states, sorted_keys=True)


def tool_names(part: Any) -> tuple[str, ...]:
    """Name an object's tools: its ``tool_names`` if it has any, else its class's public methods in order."""
    chosen = getattr(part, NAMES_ATTRIBUTE, None)
    kind: Any = type(part)
    return _public_methods(kind) if chosen is None else tuple(chosen)


@cache
def _public_methods(kind: Any) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for base in reversed(kind.__mro__[:-1]):
        for name, value in vars(base).items():
            if isinstance(value, (staticmethod, classmethod, FunctionType)):
                names[name] = None
    return tuple(name for name in names if not name.startswith("_") and name != STATE_METHOD)


def _state_of(part: object) -> object:
    if type(part) in (dict, list):
        return part  # functions may have their world beside them
    own = getattr(part, STATE_METHOD, None)
    return own() if inspect.ismethod(own) else _world_attributes(part)


def _world_attributes(part: object) -> dict[str, object]:
    hidden = (NAMES_ATTRIBUTE, ERRORS_ATTRIBUTE)
    return {name: value for name, value in attributes_of(part).items() if name not in hidden}


def find_factory(source: str) -> Factory:
    """Import what ``python:MODULE:NAME`` names; give a function from a record to a toolkit.

    From None, it gives a toolkit whose tools can be described but perhaps not called.

    What it names may have a method ``prepare``, called once in each process.  For use in a worker process.
    Raises ``EnvironmentUnusable``.
    """
    found = _find(source)
    prepare = getattr(found, PREPARE_METHOD, None)
    if callable(prepare) and not isinstance(found, type):
        prepare()
    makes_itself = not callable(found)
    takes_record = not makes_itself and _takes_record(found)

    def make(record: Mapping[str, Any] | None) -> Toolkit:
        if record is None and isinstance(found, type):
            return _toolkit(object.__new__(found))  # enough to look at its methods
        made = found if makes_itself else found(record or {}) if takes_record else found()
        return _toolkit(made)

    return make


def _find(source: str) -> Any:
    matched = SOURCE.fullmatch(source)
    if matched is None:
        raise EnvironmentUnusable(f"{source!r} is no environment; write python:MODULE:FACTORY")
    module, name = matched.groups()
    found: Any = import_module(module)
    for step in name.split("."):
        if not hasattr(found, step):
            raise EnvironmentUnusable(f"{source}: the module {module} has no {name}")
        found = getattr(found, step)
    return found


def _takes_record(factory: Callable[..., Any]) -> bool:
    """A factory with a required parameter, or one called ``record``, is given the record."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        part.name == "record"
        or (part.default is part.empty and part.kind in (part.POSITIONAL_ONLY, part.POSITIONAL_OR_KEYWORD))
        for part in parameters
    )


def _toolkit(made: Any) -> Toolkit:
    match made:
        case None:
            raise EnvironmentUnusable("the factory gave nothing")
        case Toolkit():
            return made
        case Mapping():
            return Toolkit({str(name): part for name, part in made.items()})
        case Sequence() if not isinstance(made, str):
            return Toolkit(_named(made))
        case _:
            return Toolkit({type(made).__name__: made}, single=True)


def _named(parts: Sequence[Any]) -> dict[str, Any]:
    names = [
        getattr(part, "__name__", "") if isinstance(part, ROUTINES) else type(part).__name__ for part in parts
    ]
    for name in names:
        if names.count(name) > 1:
            raise EnvironmentUnusable(f"two objects are called {name}; give a dictionary with names instead")
    return dict(zip(names, parts, strict=True))
