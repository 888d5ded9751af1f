"""YAML of a stranger: no anchors, bounded depth, and every way in which it can be wrong in one line."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["YamlError", "read_yaml"]

MAX_LEVELS = 64


class YamlError(ValueError):
    """The text is no YAML that is accepted here."""


class _PlainLoader(yaml.SafeLoader):
    """Refuses what makes a small text stand for a huge value."""

    _levels = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.YAMLError("anchors and aliases (& and *) are not allowed; write it out")
        if self._levels >= MAX_LEVELS:
            raise yaml.YAMLError("nested too deeply")
        self._levels += 1
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node


def read_yaml(text: str) -> Any:
    """Read YAML made of mappings, lists, texts and numbers.  Raises ``YamlError``."""
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506  # a SafeLoader that allows less
    except RecursionError:
        raise YamlError("nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: no such date, too many digits
        raise YamlError(" ".join(str(error).split())[:300]) from None
