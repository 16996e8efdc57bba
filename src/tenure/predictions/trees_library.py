"""LightGBM, loaded when the first tree is grown or read: it takes a second and a system library."""

from __future__ import annotations

from types import ModuleType

from tenure.kernel import EngineError


def lightgbm() -> ModuleType:
    """Return the package lightgbm.

    Raises
    ------
    EngineError : it does not load, most often as the system lacks `libgomp`.
    """
    try:
        import lightgbm as loaded  # noqa: PLC0415 - slow to load, and most commands need no trees
    except OSError as fault:
        raise EngineError(
            f"LightGBM does not load: {fault}",
            "LightGBM with the system's OpenMP library",
            "install libgomp (Debian, Ubuntu: apt-get install libgomp1)",
        ) from fault
    return loaded
