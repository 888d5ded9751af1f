"""YAML of a stranger: no anchors, no key twice, bounded depth, and every way to be wrong in one line."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

__all__ = ["YamlError", "read_yaml"]

MAX_LEVELS = 64


class YamlError(ValueError):
    """The text is no YAML that is accepted here."""


class _PlainLoader(yaml.SafeLoader):
    """Refuses what makes a small text stand for a huge value, and what would be dropped silently."""

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

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(made) < len(node.value):
            [(twice, _)] = Counter(str(key.value) for key, _ in node.value).most_common(1)
            raise yaml.YAMLError(f"{twice!r} stands twice in one mapping, on line {node.start_mark.line + 1}")
        return made


def read_yaml(text: str) -> Any:
    """Read YAML made of mappings, lists, texts and numbers.  Raises ``YamlError``."""
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506  # a SafeLoader that allows less
    except RecursionError:
        raise YamlError("nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: no such date, too many digits
        raise YamlError(" ".join(str(error).split())[:300]) from None
