"""Tenure: customer retention from a messy export to an honest report, as a library.

A workspace and what one does with it stand here; the metrics, each a function of any table,
are in `tenure.metrics`, the snapshot in `tenure.snapshots`, segments in `tenure.segments`,
models in `tenure.predictions`. Each name loads when it is asked for.

>>> from tenure import Workspace, import_into, metric
"""

from typing import TYPE_CHECKING

from tenure.kernel.late_doors import late_doors

if TYPE_CHECKING:
    from tenure.assembly import (
        Workspace,
        customers_as_of,
        import_into,
        judge_quality,
        metric,
        trace,
    )
    from tenure.kernel import Calendar, PeriodUnit, TenureError
    from tenure.pages import write_report

__all__ = [
    "Calendar",
    "PeriodUnit",
    "TenureError",
    "Workspace",
    "customers_as_of",
    "import_into",
    "judge_quality",
    "metric",
    "trace",
    "write_report",
]

__getattr__ = late_doors(
    __name__,
    {
        **dict.fromkeys(("Calendar", "PeriodUnit", "TenureError"), "tenure.kernel"),
        **dict.fromkeys(
            (
                "Workspace",
                "customers_as_of",
                "import_into",
                "judge_quality",
                "metric",
                "trace",
            ),
            "tenure.assembly",
        ),
        "write_report": "tenure.pages",
    },
)
