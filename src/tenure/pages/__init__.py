"""Pages that stand on their own: the retention report as one offline file per language.

Enters: a workspace, or results of the metrics as `ReportInputs`. Leaves: HTML, and the same
figures as JSON, CSV and Parquet. Nothing on a page is fetched from anywhere.
"""

from tenure.pages.figures import ReportFigures, collect
from tenure.pages.gathering import ReportOptions, inputs_from_facts
from tenure.pages.inputs import ReportInputs, RuleOutcome, SegmentFigures
from tenure.pages.report import ReportFiles, build_report, render
from tenure.pages.workspace_report import collect_inputs, write_report

__all__ = [
    "ReportFigures",
    "ReportFiles",
    "ReportInputs",
    "ReportOptions",
    "RuleOutcome",
    "SegmentFigures",
    "build_report",
    "collect",
    "collect_inputs",
    "inputs_from_facts",
    "render",
    "write_report",
]
