"""What every engine is asked about the snapshot and what reads it: segments, report, quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tenure.activity.facts import Facts
from tenure.activity.quality import judge
from tenure.activity.quality_rules import parse_rules
from tenure.engine.relations import Relation
from tenure.metrics.rfm import frozen_cuts
from tenure.metrics.stages import StageRule
from tenure.pages.gathering import ReportOptions, inputs_from_facts
from tenure.segments import (
    Segments,
    counts,
    default_segments,
    explain,
    history,
    kinds_of,
    members,
    overlap,
    segment,
)
from tenure.snapshots import SNAPSHOTS, attribute_names, freeze, frozen_snapshots, snapshot, thaw
from tests.contract.cases import AS_OF, CHANGES, COSTS, NEW_YORK, SHANGHAI, Case, sorted_rows
from tests.contract.made_facts import EARLIER, RECEIVED

TRICKY: Mapping[str, str] = {
    "quoted": "attr_home_city_ = 'L''Aquila' or attr_home_city_ = 'C:\\temp_1%'",
    "like_any": "attr_home_city_ like 'C:\\_emp%' or customer_id like '%|b'",
    "like_either_case": "customer_id ilike 'ZO%' or customer_id ilike 'éclair'",
    "lowered": "lower(attr_home_city_) in ('zürich', '上海', 'l''aquila')",
    "empty_text": "attr_home_city_ = '' or customer_id = ''",
    "between_texts": "customer_id between 'Z' and 'zz'",
    "read_number": "number(attr_score) >= 0.5",
    "no_number": "number(attr_score) is null and attr_score is not null",
    "divided": "net_value / (order_count - 1) > 10",
    "day_sums": "last_order_on - first_order_on > 30 and last_order_on + 45 > as_of",
    "half_days": "first_order_on + 0.5 < date '2024-03-10' or last_order_on >= date '2024-11-03'",
    "between_days": "last_order_on between '2024-03-09' and '2024-11-04'",
    "weeks": "days_since_last_order > 3 * (as_of - (as_of - interval '2' week))",
    "cases": "case when order_count > 4 then 1 when net_value > 9.9999 then 2.5 else 0 end > 1",
    "filled": "coalesce(overdue_ratio, -1) < 0 or coalesce(acquisition_source, '?') = '?'",
    "unlike": "not (net_value > 0.0001) or not (rfm_segment in ('lost', 'new'))",
    "not_ten": "median_gap_days <> 10 and abs(net_value - gross_value) < 1e-9",
    "nested": "cases and not filled or read_number",
    "money": "net_value = 98999000000000.1234 or gross_value in (0, 0.0001) or net_value < 0",
    "ratios": "overdue_ratio > 1.5 and return_rate is null or mean_order_value = 40",
    "contracts": "subscription_status = 'active' and subscription_recurring_value >= 0.0001",
}
"""Conditions in which engines may differ: quoting, patterns, reading numbers, unknown values."""

ATTRIBUTES = ("Home City!", "home city?", "score")
"""Named, so that facts without any have the columns too; two of them ask for one column."""

RULES = parse_rules(
    """
    rules:
      - {name: fresh, check: freshness, max_age_days: 30}
      - {name: volume, check: volume}
      - {name: channel, check: missing, column: channel, max_share: 0.1}
      - {name: price, check: range, min: 0.01, max: 1000, max_share: 0.1}
      - {name: late, check: late, max_days: 200, max_share: 0.1}
      - {name: future, check: future}
      - {name: quarantined, check: quarantined, max_share: 0.01}
    """,
    None,
)


@dataclass(frozen=True, slots=True)
class Customers:
    """One engine's customers as of a date, worked out once."""

    facts: Facts
    snapshot: Relation
    segments: Segments


def customers(facts: Facts, as_of: date = AS_OF) -> Customers:
    """Return the snapshot, kept in the engine, with the default segments and the tricky ones."""
    fresh = snapshot(facts, as_of=as_of, calendar=NEW_YORK, attributes=ATTRIBUTES)
    kept = Relation(facts.engine.keep("snapshot_rows", fresh.table), facts.engine)
    tricky = [segment(name, expression) for name, expression in TRICKY.items()]
    return Customers(facts, kept, Segments([*default_segments(), *tricky], kinds_of(kept.table)))


def _rows(found: Relation) -> object:
    table = found.collect(found.table.order_by("customer_id"))
    return {"types": table.schema, "rows": table.to_pylist()}


def _snapshot(as_of: date, **options: object) -> Case:
    def run(facts: Facts) -> object:
        return _rows(snapshot(facts, as_of=as_of, **{"calendar": NEW_YORK, **options}))  # type: ignore[arg-type]

    return run


SNAPSHOT_CASES: Mapping[str, Case] = {
    "after spring forward": _snapshot(CHANGES[0]),
    "after fall back": _snapshot(CHANGES[1], calendar=SHANGHAI),
    "before everything": _snapshot(date(2020, 1, 1)),
    "as known earlier": _snapshot(AS_OF, received_before=RECEIVED, attributes=("score",)),
    "other rules": _snapshot(
        AS_OF, stage_rule=StageRule(1.1, 2.5, 3, 0.5), attributes=("home city?", "absent")
    ),
}


def conditions(state: Customers) -> object:
    """Return every segment's condition for every customer: true, false or unknown."""
    table, names = state.snapshot.table, state.segments.names
    told = {f"is_{name}": state.segments.condition(name, table) for name in names}
    return _rows(Relation(table.select("customer_id", **told), state.facts.engine))


def reading(state: Customers) -> object:
    """Return what segments tell besides their members."""
    made, segments = state.snapshot, state.segments
    return {
        "counts": counts(made, segments),
        "members": members(made, segments, "read_number").to_pylist(),
        "overlap": overlap(made, segments, "nested", "filled"),
        "explain": explain(made, segments, "nested", "o'brien"),
        "cuts": frozen_cuts(made),
    }


def report(state: Customers) -> object:
    """Return everything that a report is made from; tables without an order are sorted."""
    inputs = inputs_from_facts(
        state.facts,
        state.snapshot,
        state.segments,
        calendar=NEW_YORK,
        as_of=AS_OF,
        generated_at=datetime(2025, 1, 15),
        options=ReportOptions(period="quarter", active_rule="rhythm", top=7),
        costs=Relation(state.facts.engine.attach_object(COSTS), state.facts.engine),
    )
    tables = ("stages", "rfm", "order_counts", "overdue_bands", "imports", "concentration")
    ordered = ("unusual_silence", "overdue_customers", "source_value")
    return {
        "metrics": {name: result.rows() for name, result in inputs.metrics.items()},
        **{name: sorted_rows(getattr(inputs, name)) for name in tables},
        **{name: getattr(inputs, name) for name in ordered},
        "second_order": inputs.second_order,
        "segments": inputs.segments,
    }


def quality(facts: Facts) -> object:
    """Return every quality rule's outcome."""
    return judge(facts, RULES, datetime(2025, 1, 20, 12))


def frozen(state: Customers, folder: Path) -> object:
    """Write two frozen snapshots as files, read them back, and return what they tell."""
    engine = state.facts.engine
    files: list[Path] = []

    def new_file() -> Path:
        files.append(folder / f"{engine.name}-{len(files)}.parquet")
        return files[-1]

    earlier = snapshot(state.facts, as_of=CHANGES[0], calendar=NEW_YORK, received_before=EARLIER)
    written = [
        engine.write_files(freeze(state.snapshot, made_at=RECEIVED), new_file),
        engine.write_files(freeze(earlier, made_at=EARLIER, received_before=EARLIER), new_file),
    ]
    stored = Relation(
        engine.attach_files("snapshots", [str(file) for file in files], SNAPSHOTS), engine
    )
    names = attribute_names(state.facts.customer_attributes)
    back = thaw(stored, attributes=names)
    table = back.collect(back.table.order_by("as_of", "customer_id"))
    return {
        "written": written,
        "told": frozen_snapshots(stored),
        "names": names,
        "rows": table.to_pylist(),
        "history": history(back, state.segments),
    }
