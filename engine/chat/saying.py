"""What others wrote, as it may stand in a line of ours."""

from __future__ import annotations

__all__ = ["one_line"]


def one_line(text: str, longest: int) -> str:
    """Give ``text`` in one line of at most ``longest`` characters, without what would steer a terminal."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:longest] or "no explanation"
