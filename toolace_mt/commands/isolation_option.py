"""``--isolation``: how strongly a pack that does not ship with this program must be confined to run."""

from __future__ import annotations

import click

__all__ = ["isolation_option"]

isolation_option = click.option(
    "--isolation",
    type=click.Choice(["strong", "limited", "none"]),
    default="strong",
    show_default=True,
    help="How strongly a pack that is not shipped with this program must be confined to run.",
)
