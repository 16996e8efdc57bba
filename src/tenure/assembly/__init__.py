"""A workspace put together: the only place that names the concrete engine and stores.

Enters: a folder. Leaves: what the faces call — imports, figures, customers as of a date,
upkeep — each a function of a workspace.
"""

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
