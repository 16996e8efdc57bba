"""Names that may not exist yet: rooms land one after another, the reference follows."""

from __future__ import annotations

import importlib


def landed(module: str, name: str) -> object | None:
    """Return a module's attribute, or None while the module or the attribute is not written.

    A module that exists but fails to import still raises: that is a fault, not a gap.
    """
    try:
        return getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as absent:
        if absent.name is not None and module.startswith(absent.name):
            return None
        raise
