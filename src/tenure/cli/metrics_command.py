"""`tenure metrics NAME`: one subcommand per metric, its options made from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from tenure.assembly import Workspace, metric
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.metric_tables import print_metric
from tenure.cli.options import (
    as_of_option,
    json_option,
    parsed_date,
    parsed_pairs,
    workspace_option,
)
from tenure.cli.output import clear_errors, console, print_json
from tenure.engine.relations import relation
from tenure.kernel import OptionError
from tenure.metrics import METRICS, MetricResult
from tenure.metrics.catalogue import MetricSpec, OptionSpec

_CUSTOMERS_PRINTED_MAX = 50


@click.group("metrics")
def metrics_command() -> None:
    """Compute a metric: retention, cohorts, lifecycle and others, each with its definition."""


def _metric_command(spec: MetricSpec) -> click.Command:
    def run(
        workspace: Path,
        as_json: bool,
        as_of: str | None,
        cell: tuple[str, ...],
        **given: Any,  # noqa: ANN401 - made from the catalogue
    ) -> None:
        with clear_errors(as_json=as_json):
            opened = Workspace.open(workspace)
            bring_up_to_date(opened, quiet=as_json)
            chosen = {
                option.name: _parsed(option, given[option.name])
                for option in spec.options
                if given[option.name] is not None
            }
            result = metric(opened, spec.name, as_of=parsed_date(as_of, "--as-of"), **chosen)
            if cell:
                _print_customers(result, parsed_pairs(cell, "--cell", _example(result)), as_json)
            elif as_json:
                print_json(result.as_dict())
            else:
                print_metric(result, spec.title["en"])

    command: Callable[..., Any] = run
    for option in reversed(spec.options):
        command = _click_option(option)(command)
    command = click.option(
        "--cell",
        multiple=True,
        metavar="KEY=VALUE",
        help="List the customers behind one cell: name it by its key columns, and the count by "
        "measure=NAME.",
    )(command)
    command = json_option(as_of_option(workspace_option(command)))
    return click.command(spec.name, help=_help(spec))(command)


def _help(spec: MetricSpec) -> str:
    return f"{spec.title['en']}.\n\n{spec.definition['en']}\n\nFormula: {spec.meaning.formula}"


def _click_option(option: OptionSpec) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    shown = f" Default: {option.default}." if option.default not in (None, (), False) else ""
    text = option.text["en"] + shown
    if option.type == "flag":
        return click.option(option.flag, option.name, is_flag=True, default=None, help=text)
    kind: Any = {
        "choice": click.Choice([str(choice) for choice in option.choices]),
        "integer": click.INT,
        "number": click.FLOAT,
    }.get(option.type, click.STRING)
    return click.option(option.flag, option.name, type=kind, default=None, help=text)


def _parsed(option: OptionSpec, given: Any) -> object:  # noqa: ANN401 - click's value
    if option.type == "date":
        return parsed_date(given, option.flag)
    if option.type == "texts":
        return tuple(part.strip() for part in given.split(",") if part.strip())
    if option.type == "integers":
        return _integers(option, given)
    if option.type == "brackets":
        return _brackets(option, given)
    if option.type == "table":
        return relation(Path(given))
    value: object = given
    return value


def _integers(option: OptionSpec, given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise OptionError(f"{option.flag} {given!r}", "whole numbers like 30,60,90", "mend it")
    return tuple(int(part) for part in parts)


def _brackets(option: OptionSpec, given: str) -> tuple[tuple[int, int], ...]:
    pairs = []
    for part in given.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdigit() or not (high or low).isdigit():
            raise OptionError(f"{option.flag} {given!r}", "periods like 1,2-4,5-8", "mend it")
        pairs.append((int(low), int(high or low)))
    return tuple(pairs)


def _cell(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _print_customers(result: MetricResult, named: dict[str, str], as_json: bool) -> None:
    measure = named.pop("measure", result.measures[0] if result.measures else None)
    row = _matching_row(result, named)
    keys = {key: row[key] for key in result.keys}
    members = result.drill(measure=measure, **keys).column("customer_id").to_pylist()
    if as_json:
        print_json({"cell": {**named, "measure": measure}, "customers": sorted(members)})
        return
    out = console()
    out.print(f"{len(members):,} customers ({measure})", markup=False)
    for customer in sorted(members)[:_CUSTOMERS_PRINTED_MAX]:
        out.print(f"  {customer}", markup=False)
    if len(members) > _CUSTOMERS_PRINTED_MAX:
        out.print(f"  ... and {len(members) - _CUSTOMERS_PRINTED_MAX:,} more (--json has all)")


def _matching_row(result: MetricResult, named: Mapping[str, str]) -> dict[str, object]:
    rows = result.rows()
    # A key without any value, such as the attribute of plain cohorts, need not be named.
    empty = {key for key in result.keys if all(row[key] is None for row in rows)}
    missing = [key for key in result.keys if key not in named and key not in empty]
    found = [
        row
        for row in rows
        if all(str(_cell(row[key])) == named.get(key, "None") for key in result.keys)
    ]
    if missing or not found or set(named) - set(result.keys):
        raise OptionError(
            f"--cell {' --cell '.join(f'{k}={v}' for k, v in named.items())}",
            f"a row's {', '.join(result.keys)}, e.g. {_example(result)}",
            f"copy them from a row of `tenure metrics {result.name}`",
        )
    return found[0]


def _example(result: MetricResult) -> str:
    row = result.rows()[0] if result.table.num_rows else {}
    named = {key: _cell(row.get(key)) for key in result.keys}
    return " ".join(f"{key}={value}" for key, value in named.items() if value is not None)


for _spec in METRICS.values():
    metrics_command.add_command(_metric_command(_spec))
