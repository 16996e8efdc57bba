"""A workspace put together: the only place that names the concrete engine and stores.

Enters: a folder. Leaves: what the faces call — imports, figures, customers as of a date,
upkeep — each a function of a workspace. Each name loads when it is asked for.
"""

from typing import TYPE_CHECKING

from tenure.kernel.late_doors import late_doors

if TYPE_CHECKING:
    from tenure.assembly.customers import (
        CustomersAsOf,
        customers_as_of,
        keep_snapshot,
        kept_snapshots,
        segment_faults,
        workspace_segments,
    )
    from tenure.assembly.figures import judge_quality, metric, trace
    from tenure.assembly.loading import import_into
    from tenure.assembly.predicting import (
        FitResult,
        Promoted,
        backtest,
        fit_model,
        model_in_use,
        predict_all,
        promote,
        prove,
        read_scorecard,
        score,
        scorecards,
        told_dates,
        value_of_retention,
    )
    from tenure.assembly.refreshing import RefreshResult, refresh, refresh_if_due
    from tenure.assembly.simulating import simulate_exports, simulate_workspace
    from tenure.assembly.upkeep import check_workspace, compact_workspace, erase_customer
    from tenure.assembly.watching import Watched, watch
    from tenure.assembly.workspace import Workspace

__all__ = [
    "CustomersAsOf",
    "FitResult",
    "Promoted",
    "RefreshResult",
    "Watched",
    "Workspace",
    "backtest",
    "check_workspace",
    "compact_workspace",
    "customers_as_of",
    "erase_customer",
    "fit_model",
    "import_into",
    "judge_quality",
    "keep_snapshot",
    "kept_snapshots",
    "metric",
    "model_in_use",
    "predict_all",
    "promote",
    "prove",
    "read_scorecard",
    "refresh",
    "refresh_if_due",
    "score",
    "scorecards",
    "segment_faults",
    "simulate_exports",
    "simulate_workspace",
    "told_dates",
    "trace",
    "value_of_retention",
    "watch",
    "workspace_segments",
]

__getattr__ = late_doors(
    __name__,
    {
        "CustomersAsOf": "tenure.assembly.customers",
        "customers_as_of": "tenure.assembly.customers",
        "keep_snapshot": "tenure.assembly.customers",
        "kept_snapshots": "tenure.assembly.customers",
        "segment_faults": "tenure.assembly.customers",
        "workspace_segments": "tenure.assembly.customers",
        "judge_quality": "tenure.assembly.figures",
        "metric": "tenure.assembly.figures",
        "trace": "tenure.assembly.figures",
        "import_into": "tenure.assembly.loading",
        "FitResult": "tenure.assembly.predicting",
        "Promoted": "tenure.assembly.predicting",
        "backtest": "tenure.assembly.predicting",
        "fit_model": "tenure.assembly.predicting",
        "model_in_use": "tenure.assembly.predicting",
        "predict_all": "tenure.assembly.predicting",
        "promote": "tenure.assembly.predicting",
        "prove": "tenure.assembly.predicting",
        "read_scorecard": "tenure.assembly.predicting",
        "score": "tenure.assembly.predicting",
        "scorecards": "tenure.assembly.predicting",
        "told_dates": "tenure.assembly.predicting",
        "value_of_retention": "tenure.assembly.predicting",
        "RefreshResult": "tenure.assembly.refreshing",
        "refresh": "tenure.assembly.refreshing",
        "refresh_if_due": "tenure.assembly.refreshing",
        "simulate_exports": "tenure.assembly.simulating",
        "simulate_workspace": "tenure.assembly.simulating",
        "check_workspace": "tenure.assembly.upkeep",
        "compact_workspace": "tenure.assembly.upkeep",
        "erase_customer": "tenure.assembly.upkeep",
        "Watched": "tenure.assembly.watching",
        "watch": "tenure.assembly.watching",
        "Workspace": "tenure.assembly.workspace",
    },
)
