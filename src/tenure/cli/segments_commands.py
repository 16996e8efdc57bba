"""`tenure segments`: list them, their members, why a customer is in one, overlap, history."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from tenure.assembly import (
    Workspace,
    customers_as_of,
    kept_snapshots,
    segment_faults,
    workspace_segments,
)
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.kernel import Estimate
from tenure.segments import counts, explain, history, members, overlap

_MEMBERS_PRINTED_MAX = 50


@click.group("segments")
def segments_command() -> None:
    """Named conditions over the snapshot, kept as YAML in definitions/segments."""


@segments_command.command("list")
@workspace_option
@as_of_option
@json_option
def list_command(workspace: Path, as_of: str | None, as_json: bool) -> None:
    """List every segment with its size."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        state = customers_as_of(opened, parsed_date(as_of, "--as-of"))
        sizes = counts(state.snapshot, state.segments)
        if as_json:
            print_json(
                {
                    "as_of": state.as_of,
                    "segments": [
                        {
                            **asdict(size),
                            "share": size.share,
                            "title": dict(state.segments.get(size.name).title),
                            "expression": state.segments.get(size.name).expression,
                        }
                        for size in sizes
                    ],
                }
            )
            return
        language = opened.settings.language
        print_table(
            f"Segments as of {state.as_of}",
            ("segment", "title", "customers", "share", "unknown"),
            [
                (s.name, state.segments.get(s.name).title[language], s.members, s.share, s.unknown)
                for s in sizes
            ],
            left=2,
        )


@segments_command.command("members")
@click.argument("segment")
@workspace_option
@as_of_option
@json_option
def members_command(segment: str, workspace: Path, as_of: str | None, as_json: bool) -> None:
    """List the customers of a segment."""
    with clear_errors(as_json=as_json):
        state = customers_as_of(Workspace.open(workspace), parsed_date(as_of, "--as-of"))
        found = members(state.snapshot, state.segments, segment).column(0).to_pylist()
        if as_json:
            print_json({"segment": segment, "as_of": state.as_of, "customers": found})
            return
        out = console()
        out.print(f"{len(found):,} customers in {segment} as of {state.as_of}", markup=False)
        for customer in found[:_MEMBERS_PRINTED_MAX]:
            out.print(f"  {customer}", markup=False)
        if len(found) > _MEMBERS_PRINTED_MAX:
            out.print(f"  ... and {len(found) - _MEMBERS_PRINTED_MAX:,} more (--json has all)")


@segments_command.command("explain")
@click.argument("segment")
@click.argument("customer")
@workspace_option
@as_of_option
@json_option
def explain_command(
    segment: str, customer: str, workspace: Path, as_of: str | None, as_json: bool
) -> None:
    """Say part by part why a customer is in a segment or not."""
    with clear_errors(as_json=as_json):
        state = customers_as_of(Workspace.open(workspace), parsed_date(as_of, "--as-of"))
        parts = explain(state.snapshot, state.segments, segment, customer)
        if as_json:
            print_json(
                {
                    "segment": segment,
                    "customer": customer,
                    "as_of": state.as_of,
                    "member": parts[0].outcome == "true",
                    "parts": [part.as_dict() for part in parts],
                }
            )
            return
        print_table(
            f"{customer} and {segment} as of {state.as_of}",
            ("outcome", "condition", "values"),
            [
                (
                    part.outcome,
                    "  " * part.depth + part.text,
                    ", ".join(f"{name} = {value}" for name, value in part.values.items()),
                )
                for part in parts
            ],
            left=3,
        )


@segments_command.command("overlap")
@click.argument("first")
@click.argument("second")
@workspace_option
@as_of_option
@json_option
def overlap_command(
    first: str, second: str, workspace: Path, as_of: str | None, as_json: bool
) -> None:
    """Count the customers that two segments share."""
    with clear_errors(as_json=as_json):
        state = customers_as_of(Workspace.open(workspace), parsed_date(as_of, "--as-of"))
        shared = overlap(state.snapshot, state.segments, first, second)
        jaccard = shared.jaccard.value if isinstance(shared.jaccard, Estimate) else None
        figures = {**asdict(shared), "jaccard": jaccard}
        if as_json:
            print_json({"first": first, "second": second, "as_of": state.as_of, **figures})
            return
        print_table(
            f"{first} and {second} as of {state.as_of}",
            tuple(figures),
            [tuple(figures.values())],
            left=0,
        )


@segments_command.command("history")
@click.argument("segment", required=False)
@workspace_option
@json_option
def history_command(segment: str | None, workspace: Path, as_json: bool) -> None:
    """Show the size of segments at each kept snapshot (see `tenure snapshot --keep`)."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        segments = workspace_segments(opened)
        if segment is not None:
            segments.get(segment)
        sizes = history(kept_snapshots(opened), segments)
        rows = [
            (as_of.isoformat(), size.name, size.members, size.share)
            for as_of, at_date in sizes.items()
            for size in at_date
            if segment in (None, size.name)
        ]
        if as_json:
            names = ("as_of", "segment", "members", "share")
            print_json({"history": [dict(zip(names, row, strict=True)) for row in rows]})
            return
        if not rows:
            console().print("No snapshot is kept yet: `tenure snapshot --keep` keeps one.")
            return
        print_table("Segments over time", ("as of", "segment", "customers", "share"), rows, left=2)


@segments_command.command("validate")
@workspace_option
@json_option
def validate_command(workspace: Path, as_json: bool) -> None:
    """Check every segment definition; exits with 2 if one is not valid."""
    with clear_errors(as_json=as_json):
        faults = segment_faults(Workspace.open(workspace))
        if as_json:
            print_json({"valid": not faults, "faults": faults})
        else:
            for fault in faults:
                console().print(fault, markup=False)
            if not faults:
                console().print("All segments are valid.")
    if faults:
        raise SystemExit(2)
