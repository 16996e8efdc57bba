"""Options that several commands share, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from tenure.kernel import OptionError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def workspace_option(command: _Command) -> _Command:
    """Add `--workspace`."""
    return click.option(
        "--workspace",
        "-w",
        type=click.Path(path_type=Path),
        default=Path(),
        envvar="TENURE_WORKSPACE",
        help="Folder of the workspace. Default: the current folder, or TENURE_WORKSPACE.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add `--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, for programs."
    )(command)


def as_of_option(command: _Command) -> _Command:
    """Add `--as-of`."""
    return click.option(
        "--as-of",
        metavar="DATE",
        help="Look back from this business date; what happened on it or later does not count. "
        "Default: the setting as_of, else the day after the data end.",
    )(command)


def parsed_date(text: str | None, option: str) -> date | None:
    """Return a date given on the command line.

    Raises
    ------
    OptionError : it is not a date like 2025-12-31.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OptionError(
            f"{option} {text!r}", "a date like 2025-12-31", "write year-month-day"
        ) from None


def parsed_pairs(texts: tuple[str, ...], option: str, example: str) -> dict[str, str]:
    """Return `name=value` arguments as a mapping.

    Raises
    ------
    OptionError : one has no `=`, or a name stands twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name or not value or name in pairs:
            raise OptionError(
                f"{option} {text!r}", f"NAME=VALUE, each name once, e.g. {example}", "mend it"
            )
        pairs[name.strip()] = value.strip()
    return pairs
