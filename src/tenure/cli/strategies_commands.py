"""`tenure apply`, `export`, `validate`, `diff` and `strategies`: strategies as text."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from pathlib import Path

import click

from tenure.assembly.monitoring import own_target
from tenure.assembly.strategies import (
    AppliedStrategy,
    StrategyDifference,
    ValidatedStrategy,
    apply_strategies,
    compare_strategy,
    export_strategy,
    new_strategy,
    strategies_in_force,
    strategy_files,
    strategy_history,
    strategy_in_force,
    validate_strategies,
    withdraw_strategy,
)
from tenure.assembly.workspace import Workspace
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.kernel import Issue, OptionError
from tenure.records import Definition
from tenure.strategies.differences import Difference
from tenure.strategies.presets import preset_text, presets

_FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path))
_SHOWN_SIGNS_MAX = 60


def _by_option() -> str:
    return getpass.getuser()


@click.command("validate")
@_FILES
@workspace_option
@as_of_option
@json_option
def validate_command(
    files: tuple[Path, ...], workspace: Path, as_of: str | None, as_json: bool
) -> None:
    """Check strategies against the workspace: every fault with its line, and whom they reach.

    Without FILES, every file in definitions/strategies. Exits with 2 if any has an error.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        found = validate_strategies(
            opened, files or _all_files(opened), as_of=parsed_date(as_of, "--as-of")
        )
        if as_json:
            print_json({"strategies": [one.as_dict() for one in found]})
        else:
            for one in found:
                _print_validated(one)
    if not all(one.is_sound for one in found):
        raise SystemExit(2)


@click.command("apply")
@_FILES
@workspace_option
@click.option("--by", default=_by_option, metavar="NAME", help="Who applies. Default: you.")
@click.option("--note", default="", metavar="TEXT", help="Why, kept with the version.")
@json_option
def apply_command(
    files: tuple[Path, ...], workspace: Path, by: str, note: str, as_json: bool
) -> None:
    """Put strategies in force as their next version: all FILES, or none if one has a fault.

    Without FILES, every file in definitions/strategies.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        done = apply_strategies(opened, files or _all_files(opened), by=by, note=note)
        if as_json:
            print_json({"applied": [_applied(one) for one in done]})
            return
        for one in done:
            _print_applied(one)


@click.command("export")
@click.argument("strategy")
@workspace_option
@click.option("--version", type=int, metavar="N", help="An older version. Default: in force.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), help="Write there, not on the screen."
)
@json_option
def export_command(
    strategy: str, workspace: Path, version: int | None, output: Path | None, as_json: bool
) -> None:
    """Give a strategy back as the text that was applied, sign for sign."""
    with clear_errors(as_json=as_json):
        text = export_strategy(Workspace.open(workspace), strategy, version=version)
        if output is not None:
            output.write_bytes(text.encode("utf-8"))
        if as_json:
            print_json({"strategy": strategy, "text": text, "file": output})
        elif output is None:
            click.echo(text, nl=False)
        else:
            console().print(f"{strategy} written to {output}", markup=False)


@click.command("diff")
@_FILES
@workspace_option
@json_option
def diff_command(files: tuple[Path, ...], workspace: Path, as_json: bool) -> None:
    """Say field by field how FILES differ from what is in force.

    Without FILES, every file in definitions/strategies.
    """
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        found = [compare_strategy(opened, file) for file in files or _all_files(opened)]
        if as_json:
            print_json({"strategies": [_difference(one) for one in found]})
            return
        for one in found:
            _print_difference(one)


@click.group("strategies")
def strategies_command() -> None:
    """Strategies: the goal, whom for, what may be done, what it may cost; as YAML."""


@strategies_command.command("list")
@workspace_option
@json_option
def list_command(workspace: Path, as_json: bool) -> None:
    """List the strategies in force."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        rows = []
        for definition in strategies_in_force(opened):
            strategy, _ = strategy_in_force(opened, definition.name)
            rows.append((strategy, definition))
        if as_json:
            print_json({"strategies": [{**_version(one), "title": s.title} for s, one in rows]})
            return
        language = opened.settings.language
        print_table(
            "Strategies in force",
            ("strategy", "title", "owner", "from", "until", "version"),
            [
                (
                    one.name,
                    s.title[language],  # type: ignore[index]
                    s.owner,
                    s.schedule.starts_on,
                    s.schedule.ends_on,
                    one.version,
                )
                for s, one in rows
            ],
            left=5,
        )


@strategies_command.command("history")
@click.argument("strategy")
@workspace_option
@json_option
def history_command(strategy: str, workspace: Path, as_json: bool) -> None:
    """List every version of a strategy: when, by whom, why."""
    with clear_errors(as_json=as_json):
        versions = strategy_history(Workspace.open(workspace), strategy)
        if as_json:
            print_json({"strategy": strategy, "versions": [_version(one) for one in versions]})
            return
        print_table(
            f"Versions of {strategy}",
            ("version", "applied (UTC)", "by", "state", "note"),
            [
                (
                    str(one.version),
                    f"{one.applied_at:%Y-%m-%d %H:%M}",
                    one.applied_by,
                    "withdrawn" if one.is_withdrawn else "applied",
                    one.note or "-",
                )
                for one in versions
            ],
            left=5,
        )


@strategies_command.command("withdraw")
@click.argument("strategy")
@workspace_option
@click.option("--by", default=_by_option, metavar="NAME", help="Who withdraws. Default: you.")
@click.option("--note", default="", metavar="TEXT", help="Why, kept with the version.")
@json_option
def withdraw_command(strategy: str, workspace: Path, by: str, note: str, as_json: bool) -> None:
    """Say that a strategy is no longer in force; its versions stay."""
    with clear_errors(as_json=as_json):
        done = withdraw_strategy(Workspace.open(workspace), strategy, by=by, note=note)
        if as_json:
            print_json(_version(done))
            return
        console().print(f"{strategy} is no longer in force (version {done.version})", markup=False)


@strategies_command.command("presets")
@click.argument("preset", required=False)
@json_option
def presets_command(preset: str | None, as_json: bool) -> None:
    """List the ready strategies, or print the text of PRESET."""
    with clear_errors(as_json=as_json):
        if preset is not None:
            text = preset_text(preset)
            if as_json:
                print_json({"preset": preset, "text": text})
            else:
                click.echo(text, nl=False)
            return
        if as_json:
            print_json({"presets": [one.as_dict() for one in presets().values()]})
            return
        print_table(
            "Ready strategies",
            ("preset", "stage", "industry", "title", "标题"),
            [
                (
                    one.name,
                    one.stage or "-",
                    one.industry or "any",
                    one.title["en"],
                    one.title["zh"],
                )
                for one in presets().values()
            ],
            left=5,
        )


@strategies_command.command("new")
@click.argument("preset")
@click.option("--name", metavar="NAME", help="Its name here. Default: the preset's.")
@click.option("--from", "starts", metavar="DATE", help="First day. Default: the day after today.")
@click.option("--owner", metavar="PERSON", help="Who answers for it. Default: you.")
@workspace_option
@json_option
def new_command(
    preset: str,
    name: str | None,
    starts: str | None,
    owner: str | None,
    workspace: Path,
    as_json: bool,
) -> None:
    """Copy a ready strategy into definitions/strategies, with this workspace's currency."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        target = own_target(opened, preset)
        file = new_strategy(
            opened,
            preset,
            name=name,
            starts_on=parsed_date(starts, "--from"),
            owner=owner or getpass.getuser(),
            target=target,
        )
        if as_json:
            print_json({"preset": preset, "file": file, "target": target})
            return
        out = console()
        out.print(f"Written to {file}", markup=False)
        if target is not None:
            out.print(f"Target {target:g}: the least that is surely better than today's level.")
        out.print("Its effects are assumptions until measured: read them and set the budget.")
        out.print(f"Next:  tenure validate {file}", markup=False)


def _all_files(workspace: Workspace) -> tuple[Path, ...]:
    files = strategy_files(workspace)
    if not files:
        raise OptionError(
            "no file, and none in definitions/strategies",
            "at least one strategy",
            "name a file, or start from a ready one: tenure strategies presets",
        )
    return files


def _print_validated(one: ValidatedStrategy) -> None:
    out = console()
    located, audience = one.checked.located, one.audience
    state = "sound" if one.is_sound else f"{len(one.checked.errors)} errors"
    out.print(f"{located.source}: {state}", markup=False, style="bold")
    _print_issues(one.checked.issues)
    if audience is None:
        return
    out.print(
        f"  audience  {audience.members:,} of {audience.customers:,} customers as of {one.as_of}",
        markup=False,
    )
    for tactic in audience.tactics:
        out.print(
            f"  {tactic.name:<8}  {tactic.eligible:,} eligible, {tactic.reachable:,} reachable",
            markup=False,
        )


def _print_issues(issues: Iterable[Issue]) -> None:
    for issue in issues:
        field = f" {issue.field}" if issue.field else ""
        click.echo(f"  {issue.severity.value}  line {issue.row}{field}: {issue.given}")
        click.echo(f"      expected  {issue.expected}")
        click.echo(f"      to do     {issue.remedy}")


def _print_applied(one: AppliedStrategy) -> None:
    out = console()
    definition = one.definition
    if not one.is_new:
        out.print(f"{definition.name}: unchanged (version {definition.version})", markup=False)
        return
    out.print(f"{definition.name}: version {definition.version} in force", markup=False)
    if definition.version > 1:
        _print_changes(one.changes)
    _print_issues(one.validated.checked.issues)


def _print_difference(one: StrategyDifference) -> None:
    out = console()
    if one.version is None:
        out.print(f"{one.name}: not in force yet; all of it is new", markup=False)
        return
    if not one.changes:
        same = "the same text" if one.is_same_text else "the same; only layout or comments differ"
        out.print(f"{one.name}: {same} as version {one.version}", markup=False)
        return
    out.print(f"{one.name} against version {one.version}", markup=False)
    _print_changes(one.changes)


def _print_changes(changes: Iterable[Difference]) -> None:
    for change in changes:
        said = {
            "added": f"+ {change.field}: {_shown(change.after)}",
            "removed": f"- {change.field}: {_shown(change.before)}",
            "changed": f"~ {change.field}: {_shown(change.before)} -> {_shown(change.after)}",
        }
        console().print(f"  {said[change.change]}", markup=False)


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN_SIGNS_MAX else text[: _SHOWN_SIGNS_MAX - 3] + "..."


def _version(one: Definition) -> dict[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "digest": one.digest,
        "applied_at": one.applied_at,
        "applied_by": one.applied_by,
        "note": one.note,
        "is_withdrawn": one.is_withdrawn,
    }


def _applied(one: AppliedStrategy) -> dict[str, object]:
    return {
        **_version(one.definition),
        "is_new": one.is_new,
        "changes": [change.as_dict() for change in one.changes],
        "validated": one.validated.as_dict(),
    }


def _difference(one: StrategyDifference) -> dict[str, object]:
    return {
        "strategy": one.name,
        "version": one.version,
        "is_same_text": one.is_same_text,
        "changes": [change.as_dict() for change in one.changes],
    }
