"""Figures of a workspace: metrics, the quality of its data, and the way back to the file."""

from __future__ import annotations

from datetime import date

from tenure.activity.facts import Facts
from tenure.activity.quality import QualityFinding, judge
from tenure.activity.quality_rules import read_rules
from tenure.assembly.workspace import Workspace
from tenure.engine.relations import Relation, relation
from tenure.kernel import OptionError
from tenure.metrics import METRICS, MetricResult
from tenure.snapshots.snapshot import day_begins_at

COSTS_FILE = "acquisition_costs.csv"
"""Acquisition costs (source, period_start, cost, currency) among a workspace's definitions."""


def metric(
    workspace: Workspace, name: str, *, as_of: date | None = None, **options: object
) -> MetricResult:
    """Compute a metric of the catalogue over a workspace's activity.

    Parameters
    ----------
    workspace : whose activity.
    name : one of `tenure.metrics.METRICS`.
    as_of : business date to look back from; None: the setting, else the data's end.
    options : the metric's own options.

    Raises
    ------
    OptionError : there is no metric of that name.
    DataError : there is no activity.
    """
    if name not in METRICS:
        raise OptionError(f"metric {name!r}", f"one of {', '.join(METRICS)}", "check the name")
    facts = workspace.facts()
    return METRICS[name].function(
        facts.activity,
        calendar=workspace.calendar,
        as_of=as_of or workspace.settings.as_of_date(),
        **{**_own(workspace, facts, name), **options},
    )


def _own(workspace: Workspace, facts: Facts, name: str) -> dict[str, object]:
    """Return what a metric takes from the workspace itself where nothing else is said."""
    costs = workspace.definitions / COSTS_FILE
    kept: dict[str, Relation | str | None] = {
        "subscriptions": facts.subscriptions,
        "attributes": facts.customer_attributes,
        "costs": relation(costs) if costs.exists() else None,
        "active_rule": workspace.settings.active_rule,
    }
    known = {option.name for option in METRICS[name].options}
    return {key: value for key, value in kept.items() if key in known and value is not None}


def trace(
    workspace: Workspace, customer_id: str, *, order_id: str | None = None
) -> list[dict[str, object]]:
    """Return a customer's activity, oldest first, each row with its `source_file` and line.

    Parameters
    ----------
    workspace : whose activity.
    customer_id : the customer.
    order_id : only this order; None: all.
    """
    facts = workspace.facts()
    activity, imports = facts.activity.table, facts.imports.table
    wanted = activity.filter(activity.customer_id == customer_id)
    if order_id is not None:
        wanted = wanted.filter(wanted.order_id == order_id)
    files = imports.select("import_id", source_file=imports.source)
    joined = wanted.left_join(files, "import_id").drop("import_id_right")
    rows: list[dict[str, object]] = facts.activity.collect(
        joined.order_by(["occurred_at", "activity_id"])
    ).to_pylist()
    return rows


def judge_quality(workspace: Workspace, facts: Facts | None = None) -> list[QualityFinding]:
    """Measure a workspace's quality rules over all its facts.

    Parameters
    ----------
    workspace : whose rules.
    facts : its facts where they are at hand already; None opens them.

    A workspace with a fixed as-of date is looked at from that date: its data are as fresh
    as they were then.
    """
    rules = read_rules(workspace.definitions / "quality.yaml")
    fixed = workspace.settings.as_of_date()
    now = day_begins_at(fixed, workspace.calendar) if fixed else workspace.clock()
    return judge(facts or workspace.facts(), rules, now)
