"""``toolace-mt rules``: lists the rules, or explains one."""

from __future__ import annotations

import click

from toolace_mt.commands.wrong_input import WrongInput

__all__ = ["rules"]

_TABLE_WIDTH = 120


@click.command()
@click.argument("code", required=False)
@click.option("--page", is_flag=True, help="Print the page of all rules in Markdown.")
def rules(code: str | None, page: bool) -> None:
    """List the rules of the audit, or explain the one of this CODE or name."""
    from toolace_mt.checks import UnknownRuleError, find_rule

    if page:
        from toolace_mt.checks.page import rules_page

        click.echo(rules_page(), nl=False)
        return
    if code is None:
        _list_rules()
        return
    try:
        rule = find_rule(code)
    except UnknownRuleError as error:
        raise WrongInput(str(error)) from None
    click.echo(f"{rule.code} {rule.name} ({rule.severity.value}, {rule.certainty.value})\n\n{rule.message}")
    for title, words in (("Why", rule.why), ("Bad", rule.bad), ("Good", rule.good), ("Fix", rule.fix)):
        click.echo(f"\n{title}:  {words}" if len(title) == 3 else f"\n{title}: {words}")


def _list_rules() -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from toolace_mt.checks import FAMILIES, RULES

    table = Table()
    for column in ("code", "name", "severity", "certainty", "message"):
        table.add_column(column, no_wrap=column in ("code", "name"))
    family = RULES[0].family
    for rule in RULES:
        if rule.family != family:
            table.add_section()
            family = rule.family
        table.add_row(
            rule.code,
            rule.name,
            rule.severity.value,
            f"{rule.certainty.value} ({FAMILIES[family]})",
            Text(rule.message),
        )
    console = Console()
    (console if console.is_terminal else Console(width=_TABLE_WIDTH)).print(table)
