"""The kinds of complexity injection that there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from toolace_mt.injections.base import InjectionKind
from toolace_mt.injections.clarification import Clarification
from toolace_mt.injections.error_simulation import ErrorSimulation
from toolace_mt.injections.small_talk import SmallTalk

__all__ = ["INJECTIONS", "InjectionKind"]

INJECTIONS: Final[Mapping[str, InjectionKind]] = {
    kind.name: kind for kind in (Clarification(), ErrorSimulation(), SmallTalk())
}
