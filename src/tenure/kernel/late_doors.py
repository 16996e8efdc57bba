"""Doors of a room that open when somebody walks through: its names load as they are asked for.

A room whose modules are heavy, or of which most callers need one, lists its names with where they
live. `from tenure.room import name` works as ever; importing the room alone costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def late_doors(room: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a room's module-level `__getattr__` (PEP 562).

    Parameters
    ----------
    room : dotted name of the room.
    where : the module in which each name lives, by the name.
    """

    def opened(name: str) -> Any:  # noqa: ANN401 - whatever lives there
        if name not in where:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(importlib.import_module(where[name]), name)

    return opened


class LateModule:
    """A module that is loaded when one of its names is asked for.

    Parameters
    ----------
    name : dotted name of the module.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the module holds
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)  # the next call does not come here
        return found
