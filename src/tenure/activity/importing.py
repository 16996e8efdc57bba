"""Import: open every source, agree on its reading, then clean, tell apart, and land it.

Nothing is written before every source of the call is understood; each source then lands
whole or not at all, under the lake's lock.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tenure.activity.contract import FACT_TABLES, INSTANT_ROLES, Mapping, Role, TableKind
from tenure.activity.counting import count_distinct
from tenure.activity.import_results import (
    ISSUES_SHOWN_MAX,
    Detected,
    ImportResult,
    SourceResult,
    duplicate_notes,
)
from tenure.activity.landing import Landed, land
from tenure.activity.quarantine import without_added, write_quarantine
from tenure.activity.reading import (
    Proposal,
    Question,
    ReadingOptions,
    cleaning_sql,
    propose,
    recall,
    remember,
)
from tenure.activity.sources import RawSource, SourceOptions, open_sources
from tenure.activity.staging import Clean, Identity, Landing, Stage, identify, stage_source
from tenure.engine.duck import DuckDBEngine, connect, literal
from tenure.engine.lake import Lake
from tenure.engine.lake_writing import LakeWriter
from tenure.kernel import (
    Calendar,
    Clock,
    OptionError,
    ProgressSink,
    QuestionError,
    silent,
    system_clock,
)


@dataclass(frozen=True, slots=True)
class ImportPlace:
    """Where an import lands and by which calendar it counts.

    Parameters
    ----------
    lake : receives the facts.
    mappings : folder in which accepted readings are kept.
    quarantine : folder of rows that were not accepted.
    scratch : folder for temporary files, on a disk with room for the source.
    calendar : the business calendar.
    currency : ISO code of the workspace; None if not yet known.
    memory_limit_mb, threads : limits of the engine; None leaves its defaults.
    """

    lake: Lake
    mappings: Path
    quarantine: Path
    scratch: Path
    calendar: Calendar
    currency: str | None = None
    memory_limit_mb: int | None = None
    threads: int | None = None
    clock: Clock = system_clock


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a person said about the sources.

    Parameters
    ----------
    source : how to open them (sheet, encoding, delimiter, header row, query).
    roles : column of each role, `attribute.NAME` for attributes.
    kind : what the rows are; None: detected.
    date_order : `ymd`, `dmy` or `mdy`; None: detected.
    decimal : `.` or `,`; None: detected.
    timezone : zone of instants without one; None: the business's.
    currency : ISO code of the amounts; None: detected, else the workspace's.
    repeats : what a row equal in every column to an earlier one is: `keep` a fact of its
        own, `drop` a mistake, `auto` a mistake if the source has an order column.
    order_rule : `day` or `row`: what an order is where the source has no order column.
    known_at : from when attributes without a date count as known; None: now.
    """

    source: SourceOptions = field(default_factory=SourceOptions)
    roles: MappingType[str, str] = field(default_factory=dict)
    kind: TableKind | None = None
    date_order: str | None = None
    decimal: str | None = None
    timezone: str | None = None
    currency: str | None = None
    repeats: str = "auto"
    order_rule: str = "day"
    known_at: datetime | None = None


def import_sources(
    paths: Sequence[str | Path],
    place: ImportPlace,
    options: ImportOptions | None = None,
    *,
    progress: ProgressSink = silent,
) -> ImportResult:
    """Import files, folders or database tables into the lake.

    Parameters
    ----------
    paths : files, folders or `URL::table`.
    place : where they land.
    options : what a person said about them.
    progress : receives the progress.

    Returns
    -------
    One result per source; every row read is accepted, duplicate, quarantined or skipped.

    Raises
    ------
    SourceError : a source cannot be read at all.
    QuestionError : a source can be read in two ways; nothing was imported.
    MappingError : the options name a column that is not there.
    OptionError : an option is none of its values.
    """
    chosen = options or ImportOptions()
    _check(chosen)
    folder = place.scratch / f"import-{os.getpid()}-{uuid.uuid4().hex}"
    folder.mkdir(parents=True)
    connection = connect(
        memory_limit_mb=place.memory_limit_mb, threads=place.threads, temp_folder=folder
    )
    try:
        sources = [
            without_added(connection, source)
            for source in open_sources(paths, connection, folder, chosen.source, progress)
        ]
        readings = [_read(connection, source, place, chosen) for source in sources]
        _ask([question for reading in readings for question in reading.questions])
        results = [
            _import_one(connection, source, reading, place, chosen, folder, progress)
            for source, reading in zip(sources, readings, strict=True)
        ]
        customers, orders = _distinct(connection, place.lake, results)
        return ImportResult(tuple(results), customers, orders)
    finally:
        connection.close()
        shutil.rmtree(folder, ignore_errors=True)


def _check(options: ImportOptions) -> None:
    if options.repeats not in ("auto", "keep", "drop"):
        raise OptionError(f"repeats = {options.repeats!r}", "auto, keep or drop", "choose one")
    if options.order_rule not in ("day", "row"):
        raise OptionError(f"orders = {options.order_rule!r}", "day or row", "choose one")
    if options.currency is not None and not re.fullmatch("[A-Z]{3}", options.currency):
        raise OptionError(
            f"currency {options.currency!r}",
            "an ISO 4217 code of three capital letters, such as EUR",
            "correct --currency",
        )
    if options.timezone is not None:
        Calendar(timezone=options.timezone)


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: RawSource,
    place: ImportPlace,
    options: ImportOptions,
) -> Proposal:
    """Return the reading of one source: the one kept for its shape, or a new proposal."""
    said = ReadingOptions(
        roles=options.roles,
        table_kind=options.kind,
        date_order=options.date_order,
        timezone=options.timezone or place.calendar.timezone,
        currency=options.currency,
        decimal=options.decimal,
    )
    proposal = propose(
        connection,
        source.relation,
        source.columns,
        source_name=source.name,
        options=said,
        workspace_currency=place.currency,
        kept=recall(place.mappings, source.columns),
    )
    if options.timezone is None:
        return proposal
    return replace(proposal, mapping=_in_zone(proposal.mapping, options.timezone))


def _in_zone(mapping: Mapping, zone: str) -> Mapping:
    """Return a mapping that says the zone of its instants, so that it is kept with them."""
    columns = tuple(
        replace(column, format=replace(column.format, zone=zone))
        if column.role in INSTANT_ROLES
        else column
        for column in mapping.columns
    )
    return replace(mapping, columns=columns)


def _ask(questions: Sequence[Question]) -> None:
    if not questions:
        return
    first = questions[0]
    more = f" (and {len(questions) - 1} more questions)" if len(questions) > 1 else ""
    raise QuestionError(
        first.given, first.expected + more, first.remedy, tuple(q.as_dict() for q in questions)
    )


def _import_one(
    connection: duckdb.DuckDBPyConnection,
    source: RawSource,
    reading: Proposal,
    place: ImportPlace,
    options: ImportOptions,
    folder: Path,
    progress: ProgressSink,
) -> SourceResult:
    began = time.monotonic()
    mapping = reading.mapping
    # The lock is held from here on: rows get the instant at which they are received, and
    # whatever was received before that instant must be visible by then.
    with place.lake.writing() as writer:
        received_at = place.clock()
        import_id = f"{received_at:%Y%m%dT%H%M%S%f}-{source.content_sha256[:8]}"
        landing = Landing(
            import_id, received_at, options.known_at or received_at, options.order_rule
        )
        clean = _cleaning(source, mapping, place, options)
        stage = stage_source(connection, clean, source, mapping, landing, folder, progress)
        quarantine = write_quarantine(connection, source, mapping, place.quarantine, import_id)
        identity = _tell_apart(connection, writer, stage, source, mapping, options)
        landed = land(connection, writer, stage, identity, landing)
        notes = (*source.skipped, *source.notes, *reading.notes)
        notes = (*notes, *duplicate_notes(source.name, identity, landed))
        result = replace(
            _result(source, mapping, stage, identity, landed),
            import_id=import_id,
            currency=mapping.currency or place.currency,
            issues=(*notes, *quarantine.issues)[:ISSUES_SHOWN_MAX],
            issue_count=len(notes) + quarantine.rows,
            quarantine_file=quarantine.path,
            seconds=time.monotonic() - began,
        )
        _record(writer, result, source, received_at)
        writer.commit(f"import {import_id}")
    remember(place.mappings, mapping, source.columns, source_name=source.name)
    return result


def _cleaning(
    source: RawSource, mapping: Mapping, place: ImportPlace, options: ImportOptions
) -> Clean:
    now = place.clock()

    def clean(relation: str) -> str:
        return cleaning_sql(
            mapping,
            relation=relation,
            columns=source.columns,
            timezone=options.timezone or place.calendar.timezone,
            business_timezone=place.calendar.timezone,
            workspace_currency=place.currency or mapping.currency,
            now=now,
        )

    return clean


def _tell_apart(
    connection: duckdb.DuckDBPyConnection,
    writer: LakeWriter,
    stage: Stage,
    source: RawSource,
    mapping: Mapping,
    options: ImportOptions,
) -> Identity:
    known = f"lake_{stage.table}"
    files = [str(path) for path in writer.files(stage.table)]
    DuckDBEngine(connection).attach_files(known, files, FACT_TABLES[stage.table])
    named = mapping.column(Role.ORDER) is not None or mapping.kind is not TableKind.ORDERS
    drop = options.repeats == "drop" or (options.repeats == "auto" and named)
    return identify(connection, stage, source, drop_repeats=drop, known_table=known)


def _result(
    source: RawSource, mapping: Mapping, stage: Stage, identity: Identity, landed: Landed
) -> SourceResult:
    skipped = len(source.skipped)
    return SourceResult(
        source=source.name,
        import_id=None,
        rows_read=source.rows + source.rejected_count + skipped,
        accepted=landed.accepted,
        repeated=identity.repeated,
        overlapping=stage.rows - identity.repeated - landed.accepted,
        quarantined=stage.faulty + source.rejected_count,
        skipped=skipped,
        customers=landed.customers,
        orders=landed.orders,
        value=landed.value,
        currency=mapping.currency,
        first_at=landed.first_at,
        last_at=landed.last_at,
        detected=Detected(
            source.encoding, source.delimiter, source.sheet, source.header_row, mapping
        ),
        issues=(),
        issue_count=0,
        quarantine_file=None,
        seconds=0.0,
    )


def _record(
    writer: LakeWriter, result: SourceResult, source: RawSource, received_at: datetime
) -> None:
    """Write the import's own row, in the same commit as its facts."""
    path = writer.new_file("imports")
    summary = {key: value for key, value in result.as_dict().items() if key != "issues"}
    row = (
        result.import_id,
        received_at,
        result.source,
        source.sheet,
        result.detected.mapping.kind.value,
        source.content_sha256,
        result.rows_read,
        result.accepted,
        result.duplicate,
        result.quarantined,
        result.skipped,
        json.dumps(summary, ensure_ascii=False, sort_keys=True),
    )
    schema = FACT_TABLES["imports"]
    arrays = [[value] for value in row]
    pq.write_table(pa.table(arrays, schema=schema), path)


def _distinct(
    connection: duckdb.DuckDBPyConnection, lake: Lake, results: Sequence[SourceResult]
) -> tuple[int, int]:
    """Count customers and orders over all sources, each once."""
    if len(results) == 1:
        return results[0].customers, results[0].orders
    DuckDBEngine(connection).attach_files(
        "lake_activity", lake.view().files("activity"), FACT_TABLES["activity"]
    )
    ids = ", ".join(literal(result.import_id) for result in results if result.import_id)
    if not ids:
        return 0, 0
    rows = sum(result.accepted for result in results)
    told = f"import_id IN ({ids})"
    customers = count_distinct(
        connection, "lake_activity", "customer_id", rows=rows, condition=told
    )
    ordered = f"{told} AND kind = 'order'"
    orders = count_distinct(connection, "lake_activity", "order_id", rows=rows, condition=ordered)
    return customers, orders
