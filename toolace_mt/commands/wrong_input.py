"""What a command raises when its input cannot be used: one line, exit status 2."""

from __future__ import annotations

import click

__all__ = ["WrongInput"]


class WrongInput(click.ClickException):
    exit_code = 2
