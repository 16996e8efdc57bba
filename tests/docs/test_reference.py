"""The reference says what the code says: pages are fresh, and every name is in its page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from itertools import chain
from pathlib import Path

import click
import pytest

from scripts import reference
from scripts.landed import landed
from tenure.activity.contract import FACT_TABLES, Role
from tenure.kernel import TenureError
from tenure.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    """Return a reference page's text."""
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def found_or_skip(module: str, name: str) -> object:
    """Return an attribute, or skip while its room is not built."""
    thing = landed(module, name)
    if not thing:
        pytest.skip(f"{module}.{name} is not built yet")
    return thing


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_reference_page_is_fresh(name: str) -> None:
    text = reference.PAGES[name]()
    if text is None:
        pytest.skip(f"the room of {name} is not built yet")
    assert page(name) == text, f"docs/reference/{name} is stale. To do: make docs"


def test_every_command_and_option_is_documented() -> None:
    main = found_or_skip("tenure.cli", "main")
    assert isinstance(main, click.Command)
    missing, silent = [], []
    text = page("cli.md")
    for path, command in commands(main, ("tenure",)):
        section = text.partition(f"\n## {path}\n")[2].partition("\n## ")[0]
        if not section:
            missing.append(path)
        if not command.help:
            silent.append(path)
        for parameter in command.params:
            missing += [f"{path} {o}" for o in options(parameter) if f"`{o}`" not in section]
            if isinstance(parameter, click.Option) and not parameter.help:
                silent.append(f"{path} {parameter.opts[0]}")
    assert (missing, silent) == ([], [])


def commands(command: click.Command, path: tuple[str, ...]) -> list[tuple[str, click.Command]]:
    """Return a command and all below it by full name."""
    found = [(" ".join(path), command)]
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            found += [] if inner.hidden else commands(inner, (*path, name))
    return found


def options(parameter: click.Parameter) -> list[str]:
    """Return the option names by which a person gives a parameter."""
    shown = isinstance(parameter, click.Option) and not parameter.hidden
    return [*parameter.opts, *parameter.secondary_opts] if shown else []


def test_every_setting_is_documented() -> None:
    text = page("settings.md")
    for entry in fields(Settings):
        assert f"| `{entry.name}` |" in text
        assert entry.metadata["help"]


def test_every_error_code_is_documented_once() -> None:
    text = page("errors.md")
    pending, codes = [TenureError], []
    while pending:
        error = pending.pop()
        codes.append(error.code)
        pending += error.__subclasses__()
    assert len(codes) == len(set(codes))
    assert [code for code in codes if text.count(f"| `{code}` |") != 1] == []


def test_every_fact_and_role_is_documented() -> None:
    text = page("facts.md")
    for name, schema in FACT_TABLES.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert [c for c in schema.names if f"| `{c}` |" not in section] == []
    assert [role for role in Role if f"| `{role.value}` |" not in text] == []


def test_every_snapshot_column_is_documented() -> None:
    catalogue = found_or_skip("tenure.snapshots.catalogue", "CATALOGUE")
    assert isinstance(catalogue, tuple)
    text = page("snapshot.md")
    assert [c.name for c in catalogue if f"| `{c.name}` |" not in text] == []


def test_every_row_fault_is_documented() -> None:
    faults = found_or_skip("tenure.activity.reading.faults", "FAULTS")
    assert isinstance(faults, Mapping)
    text = page("issues.md")
    assert [code for code in faults if f"| `{code}` |" not in text] == []


def test_every_metric_is_documented() -> None:
    metrics = found_or_skip("tenure.metrics.catalogue", "METRICS")
    assert isinstance(metrics, Mapping)
    text = page("metrics.md")
    assert [name for name in metrics if f"\n## {name}\n" not in text] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *chain(*project["project"]["optional-dependencies"].values()),
        *chain(*project["dependency-groups"].values()),
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[\[=<>~! ;]", text)[0] for text in asked}
    text = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    assert documented == names
