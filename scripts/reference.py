"""The reference pages, made from the code: `python -m scripts.reference [--check]`.

Each page is a function without arguments that returns its Markdown, or None while the room it
describes is not built. `--check` writes nothing and fails when a page is stale.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

import click

from scripts.landed import landed
from tenure.activity import contract
from tenure.kernel import TenureError, errors
from tenure.snapshots import SnapshotColumn

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made from the code by `make docs`; edit the code, not this page. -->"


def cli_page() -> str | None:
    """Return every command with its arguments and options."""
    main = landed("tenure.cli", "main")
    if not isinstance(main, click.Command):
        return None
    context = click.Context(main, info_name="tenure", **main.context_settings)
    parts = [
        "# Commands",
        "Every command prints for people; with `--json`, one JSON object for programs. "
        "A failure says what was given, what was expected and what to do, on the error "
        "stream, and ends with the exit code of its kind ([errors](errors.md)).",
    ]
    parts += _command_parts(main, context)
    return _page(parts)


def _command_parts(command: click.Command, context: click.Context) -> list[str]:
    parts = [f"## {context.command_path}", inspect.cleandoc(command.help or "")]
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts.append(f"```text\n{usage}\n```")
    rows = [_parameter_row(p, context) for p in command.params if not getattr(p, "hidden", False)]
    if rows:
        parts.append(_table(("argument or option", "takes", "default", "meaning"), rows))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                parts += _command_parts(inner, click.Context(inner, info_name=name, parent=context))
    return parts


def _parameter_row(parameter: click.Parameter, context: click.Context) -> tuple[str, ...]:
    if isinstance(parameter, click.Argument):
        help_text = str(getattr(parameter, "help", None) or "")
        return (f"`{parameter.make_metavar(context)}`", _taken(parameter), "", help_text)
    names = [*parameter.opts, *parameter.secondary_opts]
    default = parameter.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool)
    shown = f"`{default}`" if plain and default != "" else ""
    help_text = str(getattr(parameter, "help", None) or "")
    return (", ".join(f"`{n}`" for n in names), _taken(parameter), shown, help_text)


def _taken(parameter: click.Parameter) -> str:
    if getattr(parameter, "is_flag", False):
        return "flag"
    kind = parameter.type
    if isinstance(kind, click.Choice):
        text = ", ".join(f"`{choice}`" for choice in kind.choices)
    else:
        text = f"`{parameter.metavar}`" if parameter.metavar else kind.name
    return f"{text}, repeatable" if getattr(parameter, "multiple", False) else text


def settings_page() -> str | None:
    """Return every setting with its default, unit and help."""
    settings = landed("tenure.settings", "Settings")
    if not is_dataclass(settings):
        return None
    rows = []
    for entry in fields(settings):
        metadata = entry.metadata
        default = str(entry.default)
        choices = ", ".join(f"`{choice}`" for choice in metadata["choices"])
        rows.append(
            (
                f"`{entry.name}`",
                f"`{default}`" if default else "empty",
                choices or metadata["unit"],
                metadata["help"],
            )
        )
    return _page(
        [
            "# Settings",
            "A workspace's settings stand in its `tenure.toml`. The environment variable "
            "`TENURE_` followed by the name in capitals (`TENURE_TIMEZONE`) goes before the file.",
            _table(("setting", "default", "values or unit", "meaning"), rows),
        ]
    )


def errors_page() -> str:
    """Return the error tree: code, exit code, when it is raised."""
    rows = [
        (f"`{error.code}`", str(error.exit_code), f"`{error.__name__}`", _first_sentence(error))
        for error in _family(TenureError)
    ]
    tree = (inspect.getdoc(errors) or "").split("\n\n")[1]
    return _page(
        [
            "# Errors",
            "Each failure that Tenure raises on purpose has a stable code. Its message says what "
            "was given, what was expected and what to do; with `--json` these are the fields "
            "`code`, `given`, `expected`, `remedy`. Faults in single rows of your data are not "
            "errors but issues: they are collected, the rows go to quarantine, the import ends.",
            _table(("code", "exit code", "class", "meaning"), rows),
            "The tree, as a library user catches it:",
            f"```text\n{inspect.cleandoc(tree)}\n```",
        ]
    )


def _family(error: type[TenureError]) -> Iterable[type[TenureError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def facts_page() -> str:
    """Return the fact tables with their columns and types."""
    parts = [
        "# Fact tables",
        "What an import leaves in the lake. `_at` is an instant (UTC, without a zone mark), "
        "`_on` a date in the business's time zone; money has four decimals, a refund's value "
        "is negative.",
    ]
    meanings = _attribute_docstrings(contract)
    for name, schema in {**contract.FACT_TABLES, "order_lines": contract.ORDER_LINES}.items():
        parts.append(f"## {name}")
        parts.append(meanings[name.upper()])
        parts.append(_table(("column", "type"), [(f"`{c.name}`", f"`{c.type}`") for c in schema]))
    parts.append("## Roles of a file's columns")
    parts.append("What `--map role=column` accepts.")
    needed = {
        role: [kind.value for kind, roles in contract.REQUIRED_ROLES.items() if role in roles]
        for role in contract.Role
    }
    parts.append(
        _table(
            ("role", "required for"),
            [(f"`{role.value}`", ", ".join(kinds)) for role, kinds in needed.items()],
        )
    )
    return _page(parts)


def _attribute_docstrings(module: ModuleType) -> dict[str, str]:
    """Return the text that stands below each of a module's constants, by the constant's name."""
    body = ast.parse(inspect.getsource(module)).body
    found = {}
    for statement, following in itertools.pairwise(body):
        if isinstance(statement, ast.AnnAssign):
            target: ast.expr = statement.target
        elif isinstance(statement, ast.Assign):
            target = statement.targets[0]
        else:
            continue
        if isinstance(target, ast.Name) and isinstance(following, ast.Expr):
            found[target.id] = " ".join(str(ast.literal_eval(following.value)).split())
    return found


def metrics_page() -> str | None:
    """Return every metric with its definition, formula, edge rules and options."""
    metrics = landed("tenure.metrics.catalogue", "METRICS")
    if not isinstance(metrics, Mapping) or not metrics:
        return None
    parts = [
        "# Metrics",
        "`tenure metrics NAME` and the function of the same definition in `tenure.metrics`. "
        "Each result carries its definition, and each cell can be drilled down to its customers.",
    ]
    for name, spec in metrics.items():
        meaning = spec.meaning
        parts += [
            f"## {name}",
            f"**{meaning.title['en']}** · {meaning.title['zh']}",
            meaning.text["en"],
            meaning.text["zh"],
            f"```text\n{meaning.formula}\n```",
            f"Counted: {meaning.population}. Definition version {meaning.version}.",
        ]
        if meaning.edges:
            parts.append("\n".join(f"- {edge['en']}" for edge in meaning.edges))
        rows = [
            (
                f"`{option.flag}`",
                ", ".join(f"`{c}`" for c in option.choices) or option.type,
                "" if option.default in (None, "", ()) else f"`{option.default}`",
                option.text["en"],
            )
            for option in spec.options
        ]
        if rows:
            parts.append(_table(("option", "takes", "default", "meaning"), rows))
    return _page(parts)


def snapshot_page() -> str | None:
    """Return every column of the snapshot with unit, definition, source and meaning of null."""
    catalogue = landed("tenure.snapshots.catalogue", "CATALOGUE")
    if not isinstance(catalogue, tuple):
        return None
    return _page(
        [
            "# Snapshot",
            "One row per customer as of a date; only what happened on earlier days counts. "
            "Segments are conditions over these columns. Each customer attribute that was "
            "imported adds a text column `attr_NAME`.",
            _columns_table(catalogue),
            *_scores_section(),
        ]
    )


def _scores_section() -> list[str]:
    """Return what scores add to the snapshot; nothing while their room is not built."""
    scores = landed("tenure.predictions.score_columns", "SCORES")
    if not isinstance(scores, Mapping):
        return []
    parts = [
        "## Scores",
        "What `tenure score` lays beside the snapshot of the same date. A score looks ahead from "
        "that date; it is empty until the date is scored. How far to believe it: "
        "[predictions](../explanation/predictions.md).",
    ]
    for kind, table in scores.items():
        parts += [f"### {kind}", _columns_table(table.columns)]
    return parts


def _columns_table(columns: Iterable[SnapshotColumn]) -> str:
    rows = [
        (
            f"`{column.name}`",
            column.kind.value,
            column.unit,
            f"{column.definition['en']}<br>{column.definition['zh']}",
            column.source,
            column.null_means["en"] if column.null_means else "never",
        )
        for column in columns
    ]
    return _table(("column", "kind", "unit", "meaning", "made from", "empty when"), rows)


def issues_page() -> str | None:
    """Return the fault codes of single rows with what was expected and how to mend it."""
    faults = landed("tenure.activity.reading.faults", "FAULTS")
    if not isinstance(faults, Mapping):
        return None
    rows = [(f"`{code}`", fault.expected, fault.remedy) for code, fault in sorted(faults.items())]
    return _page(
        [
            "# Issues",
            "Faults of single rows. The row goes to quarantine with its code; how to mend it "
            "is told in [mend the quarantine](../howto/mend-quarantine.md). Words in braces are "
            "filled in.",
            _table(("code", "expected", "to do"), rows),
        ]
    )


PAGES: dict[str, Callable[[], str | None]] = {
    "cli.md": cli_page,
    "errors.md": errors_page,
    "facts.md": facts_page,
    "issues.md": issues_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    "snapshot.md": snapshot_page,
}
"""Each generated page by file name."""


def stale() -> list[str]:
    """Return the names of pages that differ from what the code says now."""
    return [
        name
        for name, text in ((name, page()) for name, page in PAGES.items())
        if text is not None and text != _present(FOLDER / name)
    ]


def write() -> list[str]:
    """Write the stale pages and return their names."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    names = stale()
    for name in names:
        (FOLDER / name).write_text(PAGES[name]() or "", encoding="utf-8")
    return names


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` only tell which are stale; return the exit code."""
    if "--check" in arguments:
        names = stale()
        for name in names:
            print(f"docs/reference/{name} is stale. To do: make docs")
        return 1 if names else 0
    for name in write():
        print(f"wrote docs/reference/{name}")
    return 0


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join([NOTE, *(part for part in parts if part)]) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _first_sentence(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def _present(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
