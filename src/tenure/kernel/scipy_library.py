"""SciPy, loaded when the first of its functions is asked for.

It takes half a second and tens of megabytes to load, and most commands need none of it. Rooms
write `from tenure.kernel.scipy_library import special` where they would import it from SciPy.
"""

from __future__ import annotations

import importlib
from typing import Any


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


special: Any = LateModule("scipy.special")
optimize: Any = LateModule("scipy.optimize")
sparse: Any = LateModule("scipy.sparse")
