"""A made business as a workspace, or as the files that it would export."""

from __future__ import annotations

from pathlib import Path

from tenure.assembly.workspace import SETTINGS_FILE, Workspace
from tenure.kernel import OptionError, ProgressSink, WorkspaceError, silent
from tenure.simulation import World, Written, write_exports, write_facts

_ACTIVE_RULES = {"shop": "orders", "service": "rhythm", "subscription": "subscription"}


def simulate_workspace(
    world: World, root: Path, truth: Path, *, progress: ProgressSink = silent
) -> Written:
    """Make a workspace of a world's facts, and write its truth apart from it.

    Parameters
    ----------
    world : what to make.
    root : the workspace's folder, new or empty.
    truth : the truth's folder, new or empty, not within the workspace.
    progress : receives the progress.

    Raises
    ------
    WorkspaceError : a folder is not empty.
    OptionError : the truth would lie within the workspace.
    """
    _check_folders(root, truth)
    workspace = Workspace.create(
        root,
        {
            "business": f"Simulated {world.kind}",
            "timezone": world.timezone,
            "currency": world.currency,
            "as_of": world.as_of.isoformat(),
            "active_rule": _ACTIVE_RULES[world.kind],
        },
    )
    truth.mkdir(parents=True, exist_ok=True)
    with workspace.lake.writing() as writer:
        written = write_facts(world, writer.new_file, truth, progress=progress)
        writer.commit(f"simulate {world.kind} of seed {world.seed}")
    return written


def simulate_exports(
    world: World, folder: Path, truth: Path, *, progress: ProgressSink = silent
) -> Written:
    """Write the files that a world's business would export, and its truth apart from them.

    Parameters
    ----------
    world, truth, progress : as of `simulate_workspace`.
    folder : of the files, new or empty.

    Raises
    ------
    WorkspaceError, OptionError : as `simulate_workspace`.
    """
    _check_folders(folder, truth)
    folder.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    return write_exports(world, folder, truth, progress=progress)


def _check_folders(folder: Path, truth: Path) -> None:
    if truth.resolve().is_relative_to(folder.resolve()):
        raise OptionError(
            f"the truth's folder {str(truth)!r} within {str(folder)!r}",
            "a folder apart from the data: whoever reads the data must not see the truth",
            "name another one with --truth",
        )
    for path in (folder, truth):
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            what = "a workspace" if (path / SETTINGS_FILE).exists() else "not empty"
            raise WorkspaceError(
                f"{str(path)!r}, which is {what}",
                "a new or empty folder",
                "name another folder, or remove this one",
            )
