"""Models as small texts: what was learnt, from what, and a fingerprint that names it.

One JSON file per model, without pickles, readable and comparable in git. Floats are written so
that they come back bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tenure.kernel import DefinitionError

FORMAT = 1
"""Version of the file's shape; a newer one is refused."""

MODEL_BYTES_MAX = 1_000_000
"""A model must stay small at any number of customers."""

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A fitted model and where it comes from.

    Parameters
    ----------
    kind : `churn`, `value` or `next_purchase`.
    as_of : first business day that it knows nothing of.
    fitted_at : naive UTC instant at which it was fitted.
    timezone : of the business days.
    content : the model itself, as plain values.
    reference : what its features looked like when it was fitted, to tell drift by.
    """

    kind: str
    as_of: date
    fitted_at: datetime
    timezone: str
    content: Mapping[str, Any]
    reference: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Twelve digits that name what was learnt: equal for equal contents."""
        text = json.dumps(
            [self.kind, self.as_of.isoformat(), self.timezone, self.content, self.reference],
            sort_keys=True,
            allow_nan=False,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def text(self) -> str:
        """Return the file's text.

        Raises
        ------
        ValueError : the model holds a number that is not finite.
        """
        described = {
            "tenure_model": FORMAT,
            "kind": self.kind,
            "fingerprint": self.fingerprint,
            "as_of": self.as_of.isoformat(),
            "fitted_at": self.fitted_at.isoformat(),
            "timezone": self.timezone,
            "content": self.content,
            "reference": self.reference,
        }
        return json.dumps(described, ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def write(self, path: Path) -> int:
        """Write the file whole or not at all and return its size in bytes.

        Raises
        ------
        DefinitionError : it is larger than a model may be.
        """
        data = self.text().encode()
        if len(data) > MODEL_BYTES_MAX:
            raise DefinitionError(
                f"a {self.kind} model of {len(data):,} bytes",
                f"at most {MODEL_BYTES_MAX:,} bytes",
                "leave out attributes with very many values, or products that are hardly sold",
            )
        write_whole(path, data)
        return len(data)


def read_model(path: Path) -> SavedModel:
    """Read a model.

    Raises
    ------
    DefinitionError : the file is absent, damaged, changed by hand or of a newer format.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        saved = SavedModel(
            kind=told["kind"],
            as_of=date.fromisoformat(told["as_of"]),
            fitted_at=datetime.fromisoformat(told["fitted_at"]),
            timezone=told["timezone"],
            content=told["content"],
            reference=told["reference"],
        )
        named, form = told["fingerprint"], told["tenure_model"]
    except FileNotFoundError as fault:
        raise DefinitionError(
            f"no model at {path}", "a fitted model", f"fit one first: tenure fit {path.stem}"
        ) from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise DefinitionError(
            f"{path}: {type(fault).__name__}: {fault}",
            "a model written by `tenure fit`",
            "fit it anew, or restore the file",
        ) from fault
    if form != FORMAT:
        raise DefinitionError(
            f"{path} in format {form}", f"format {FORMAT}", "use the version that wrote it"
        )
    if named != saved.fingerprint:
        raise DefinitionError(
            f"{path}: its content does not have its fingerprint {named}",
            "a model as it was fitted",
            "restore the file, or fit it anew; a model is not edited by hand",
        )
    return saved


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that readers see whole or not at all, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
