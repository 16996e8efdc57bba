"""SciPy, loaded when the first of its functions is asked for.

It takes half a second and tens of megabytes to load, and most commands need none of it. Rooms
write `from tenure.kernel.scipy_library import special` where they would import it from SciPy.
"""

from __future__ import annotations

from typing import Any

from tenure.kernel.late_doors import LateModule

special: Any = LateModule("scipy.special")
optimize: Any = LateModule("scipy.optimize")
sparse: Any = LateModule("scipy.sparse")
