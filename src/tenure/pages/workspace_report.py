"""The report of a workspace: inputs collected through the assembly, files in `reports`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tenure.assembly import CustomersAsOf, Workspace, customers_as_of, judge_quality, scorecards
from tenure.assembly.figures import COSTS_FILE
from tenure.assembly.planning import plans_on
from tenure.engine.relations import relation
from tenure.pages.gathering import ReportOptions, inputs_from_facts
from tenure.pages.inputs import ReportInputs
from tenure.pages.report import ReportFiles, build_report


def collect_inputs(
    workspace: Workspace,
    as_of: date | None = None,
    *,
    period: str = "month",
    show_customers: bool = True,
) -> ReportInputs:
    """Compute everything that the report of a workspace shows.

    Parameters
    ----------
    workspace : whose report.
    as_of : business date to look back from; None: the setting, else the data's end.
    period : unit of the periods: `day`, `week`, `month`, `quarter` or `year`.
    show_customers : False leaves every customer's id out.

    Raises
    ------
    DataError : there is no activity.
    DefinitionError : a segment or a quality rule is not valid.
    """
    state: CustomersAsOf = customers_as_of(workspace, as_of)
    settings, costs = workspace.settings, workspace.definitions / COSTS_FILE
    return inputs_from_facts(
        state.facts,
        state.snapshot,
        state.segments,
        calendar=workspace.calendar,
        as_of=state.as_of,
        generated_at=workspace.clock().replace(microsecond=0),
        quality=judge_quality(workspace),
        options=ReportOptions(
            business=settings.business,
            currency=settings.currency or None,
            active_rule=settings.active_rule,
            period=period,
            show_customers=show_customers,
        ),
        costs=relation(costs) if costs.exists() else None,
        scorecards=scorecards(workspace),
        plans=plans_on(workspace, state.as_of),
    )


def write_report(
    workspace: Workspace,
    *,
    as_of: date | None = None,
    period: str = "month",
    languages: Sequence[str] = ("en",),
    show_customers: bool = True,
) -> ReportFiles:
    """Write the report of a workspace into `reports/<as-of date>/` and return its files.

    Parameters
    ----------
    workspace : whose report.
    as_of, period, show_customers : as for `collect_inputs`.
    languages : `en`, `zh` or both; the first is that of `report.html`.

    Raises
    ------
    DataError : there is no activity.
    DefinitionError : a segment or a quality rule is not valid.
    OptionError : no such language or period.
    """
    inputs = collect_inputs(workspace, as_of, period=period, show_customers=show_customers)
    return build_report(inputs, workspace.root / "reports" / inputs.as_of.isoformat(), languages)
