"""The uplift models of a workspace: small texts in `models/uplift`, by name."""

from __future__ import annotations

from pathlib import Path

from tenure.assembly.workspace import Workspace
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.kernel import DefinitionError
from tenure.predictions.saving import read_model

UPLIFT = "uplift"


def uplift_path(workspace: Workspace, name: str) -> Path:
    """Return the file of an uplift model."""
    return _folder(workspace) / f"{name}.json"


def uplift_names(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the fitted uplift models."""
    return tuple(sorted(path.stem for path in _folder(workspace).glob("*.json")))


def read_uplift(workspace: Workspace, name: str) -> UpliftModel:
    """Return a fitted uplift model; its effects are in net revenue.

    Raises
    ------
    DefinitionError : its file is damaged, or of another version.
    """
    path = uplift_path(workspace, name)
    saved = read_model(path)
    try:
        return UpliftModel.from_dict(saved.content)
    except (KeyError, TypeError, ValueError) as fault:
        raise DefinitionError(
            f"{path}: {type(fault).__name__}: {fault}",
            "an uplift model saved by this version of Tenure",
            "learn it anew: tenure learn STRATEGY",
        ) from fault


def _folder(workspace: Workspace) -> Path:
    return workspace.root / "models" / UPLIFT
