"""How the command line speaks: tables and sentences for people, one JSON object for programs."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import click
import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from tenure.kernel import Progress, ProgressSink, QuestionError, TenureError, silent

_FIGURE_WIDTH_MAX = 16


class _Screen(Console):
    """A console that lets `clear_errors` judge a reader that went away."""

    def on_broken_pipe(self) -> None:
        """Leave the fault as it is, where rich would exit with 1."""
        raise BrokenPipeError


def console() -> Console:
    """Return the console for people's eyes (standard output)."""
    return _Screen(highlight=False, soft_wrap=False)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1
) -> None:
    """Print a table: the first `left` columns to the left, the others right-aligned."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        collapse_padding=True,
    )
    cells = [[shown(cell) for cell in row] for row in rows]
    for number, name in enumerate(columns):
        # A figure cut in two is misread; only texts may run over several lines.
        figures = number >= left
        table.add_column(
            name.replace(" ", "\n") if figures else name,
            justify="right" if figures else "left",
            no_wrap=all(len(row[number]) <= _FIGURE_WIDTH_MAX for row in cells),
            overflow="fold",
        )
    for row in cells:
        table.add_row(*map(Text, row))
    console().print(table)


def shown(cell: object) -> str:
    """Return a cell as people read it: rates with four places, unknown as n/a."""
    if cell is None:
        return "n/a"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.4f}"
    if isinstance(cell, Decimal):
        return f"{cell:,.2f}"
    return str(cell)


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[ProgressSink]:
    """Show long work on standard error, with rows per second; nothing when quiet."""
    if quiet:
        yield silent
        return
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, int] = {}

    def show(progress: Progress) -> None:
        name = progress.stage
        if not tasks:
            bar.start()
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=progress.total, rate="")
        task = bar.tasks[tasks[name]]
        speed = progress.done / task.elapsed if task.elapsed else 0
        bar.update(
            task.id,
            completed=progress.done,
            total=progress.total,
            rate=f"{speed:,.0f} {progress.unit}/s",
        )

    try:
        yield show
    finally:
        # a bar that was never started would still print an empty line
        if tasks:
            bar.stop()


@contextmanager
def clear_errors(*, as_json: bool) -> Iterator[None]:
    """Turn every failure into what was given, what was expected and what to do."""
    try:
        yield
    except TenureError as error:
        _fail(error.as_dict(), error.exit_code, as_json=as_json, questions=_questions(error))
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _fail(
            _error(
                "interrupted",
                "the key that interrupts",
                "time to finish",
                "run it again; what was acknowledged before is kept",
            ),
            130,
            as_json=as_json,
        )
    except duckdb.OutOfMemoryException as error:
        _fail(
            _error(
                "out_of_memory",
                str(error).splitlines()[0],
                "work within memory_limit_mb",
                "raise memory_limit_mb in tenure.toml, or free disk space for spilling",
            ),
            3,
            as_json=as_json,
        )
    except OSError as error:
        _fail(
            _error(
                "system_error",
                str(error),
                "a disk with room and files one may read and write",
                "check the path, its permissions and the free space",
            ),
            3,
            as_json=as_json,
        )
    except click.exceptions.ClickException:
        raise
    except (click.exceptions.Exit, click.exceptions.Abort):
        raise
    except Exception:  # noqa: BLE001 - the last net: a person must never meet a traceback
        _fail(
            _error(
                "unexpected",
                f"a fault in Tenure itself, written to {_fault_file()}",
                "no such fault",
                "report it with that file; your data were not changed by the step that failed",
            ),
            70,
            as_json=as_json,
        )


def _questions(error: TenureError) -> tuple[dict[str, str], ...]:
    return error.questions if isinstance(error, QuestionError) else ()


def _error(code: str, given: str, expected: str, remedy: str) -> dict[str, str]:
    return {"code": code, "given": given, "expected": expected, "remedy": remedy}


def _fail(
    error: dict[str, str],
    exit_code: int,
    *,
    as_json: bool,
    questions: tuple[dict[str, str], ...] = (),
) -> NoReturn:
    if as_json:
        print_json({"error": {**error, "questions": list(questions)} if questions else error})
        sys.exit(exit_code)
    click.echo(f"tenure: {error['code']}", err=True)
    for entry in questions or (error,):
        if entry is not error:
            click.echo(f"\n  question  {entry['code']} (column {entry['column']})", err=True)
        click.echo(f"  given     {entry['given']}", err=True)
        click.echo(f"  expected  {entry['expected']}", err=True)
        click.echo(f"  to do     {entry['remedy']}", err=True)
    sys.exit(exit_code)


def _fault_file() -> Path:
    handle, name = tempfile.mkstemp(prefix="tenure-fault-", suffix=".txt", text=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return Path(name)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
