"""The quality of what is known: each rule measured over the facts, with a pass or not.

Enters: facts and rules. Leaves: one finding per rule; what cannot be measured is `unknown`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from tenure.activity.facts import Facts
from tenure.activity.quality_rules import (
    FreshnessRule,
    FutureRule,
    LateRule,
    MissingRule,
    QuarantinedRule,
    RangeRule,
    Rule,
    VolumeRule,
)
from tenure.engine.relations import Relation

_WEEKS_MIN = 3
_ORDER = "order"


Text = Mapping[str, str]
"""One text by language: keys `en` and `zh`."""


def _text(english: str, chinese: str) -> Text:
    return {"en": english, "zh": chinese}


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One rule's outcome.

    Parameters
    ----------
    rule : the rule's name.
    check : its kind.
    state : `pass`, `warning`, `error` or `unknown`.
    measured : what was found, in words by language (`en`, `zh`).
    expected : what the rule asks for, likewise.
    """

    rule: str
    check: str
    state: str
    measured: Text
    expected: Text

    def as_dict(self) -> dict[str, object]:
        """Return the finding as plain values for JSON."""
        return asdict(self)


def judge(facts: Facts, rules: Sequence[Rule], now: datetime) -> list[QualityFinding]:
    """Measure every rule.

    Parameters
    ----------
    facts : all facts known now.
    rules : the rules.
    now : the current instant, naive UTC.
    """
    return [_judge_one(facts, rule, now) for rule in rules]


def _judge_one(facts: Facts, rule: Rule, now: datetime) -> QualityFinding:
    if isinstance(rule, FreshnessRule):
        return _freshness(facts, rule, now)
    if isinstance(rule, VolumeRule):
        return _volume(facts, rule)
    share, count, expected = _share(facts, rule)
    if share is None:
        return _finding(rule, None, _text("nothing to measure", "没有可衡量的数据"), expected)
    measured = _text(f"{share:.2%} ({count:,} rows)", f"{share:.2%}（{count:,} 行）")
    return _finding(rule, share <= rule.max_share, measured, expected)


def _finding(rule: Rule, passed: bool | None, measured: Text, expected: Text) -> QualityFinding:
    state = "unknown" if passed is None else "pass" if passed else rule.severity
    return QualityFinding(rule.name, rule.check, state, measured, expected)


def _freshness(facts: Facts, rule: FreshnessRule, now: datetime) -> QualityFinding:
    expected = _text(f"at most {rule.max_age_days} days old", f"最多 {rule.max_age_days} 天前")
    activity = facts.activity.table
    last = _row(facts.activity, activity.aggregate(last=activity.occurred_at.max()))["last"]
    if not isinstance(last, datetime):
        return _finding(rule, None, _text("no activity", "没有活动"), expected)
    age = now - last
    passed = age <= timedelta(days=rule.max_age_days)
    measured = _text(
        f"newest activity {age.days} days old ({last:%Y-%m-%d})",
        f"最新活动在 {age.days} 天前（{last:%Y-%m-%d}）",
    )
    return _finding(rule, passed, measured, expected)


def _volume(facts: Facts, rule: VolumeRule) -> QualityFinding:
    expected = _text(
        f"{rule.low_ratio:g} to {rule.high_ratio:g} times the median of the "
        f"{rule.history_weeks} weeks before",
        f"前 {rule.history_weeks} 周中位数的 {rule.low_ratio:g} 至 {rule.high_ratio:g} 倍",
    )
    weeks = _orders_by_week(facts, rule.history_weeks)
    before = [weeks.get(week, 0) for week in range(1, max(weeks, default=0) + 1)]
    if len(before) < _WEEKS_MIN or not statistics.median(before):
        return _finding(rule, None, _text("too little history", "历史数据太少"), expected)
    ratio = weeks.get(0, 0) / statistics.median(before)
    passed = rule.low_ratio <= ratio <= rule.high_ratio
    orders = weeks.get(0, 0)
    measured = _text(f"{ratio:.2f} times ({orders:,} orders)", f"{ratio:.2f} 倍（{orders:,} 单）")
    return _finding(rule, passed, measured, expected)


def _orders_by_week(facts: Facts, history_weeks: int) -> dict[int, int]:
    """Count orders of the last seven days of data (week 0) and of the weeks before them."""
    activity = facts.activity.table
    last = _row(facts.activity, activity.aggregate(on=activity.occurred_on.max()))["on"]
    if last is None:
        return {}
    orders = activity.filter(activity.kind == _ORDER)
    days = ibis.date(last).delta(orders.occurred_on, unit="day").cast("int64")
    orders = orders.mutate(week=(days / 7).floor().cast("int64"))
    past = orders.filter(orders.week <= history_weeks)
    counts = past.group_by("week").aggregate(orders=past.order_id.nunique())
    rows = facts.activity.collect(counts).to_pylist()
    return {int(row["week"]): int(row["orders"]) for row in rows if row["week"] is not None}


def _share(
    facts: Facts, rule: QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule
) -> tuple[float | None, int, Text]:
    """Return the share and number of rows that break a rule, and what it expects."""
    measured, english, chinese = _measure(facts, rule)
    most = f"{rule.max_share:.2%}"
    expected = _text(f"at most {most} of the {english}", f"{chinese}最多 {most}")
    row = _row(facts.activity, measured)
    broken, total = int(str(row.get("broken") or 0)), int(str(row.get("total") or 0))
    return (broken / total if total else None), broken, expected


def _measure(
    facts: Facts,
    rule: QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule,
) -> tuple[ir.Table, str, str]:
    """Return one row (rows that break the rule, all rows), and what they are, en and zh."""
    activity = facts.activity.table
    orders = activity.filter(activity.kind == _ORDER)
    if isinstance(rule, QuarantinedRule):
        imports = facts.imports.table.order_by(ibis.desc("received_at"), ibis.desc("import_id"))
        last = imports.limit(1).select(broken="quarantined", total="rows_read")
        return last, "last import's rows quarantined", "最近一次导入中被隔离的行"
    if isinstance(rule, MissingRule):
        missing = _counted(orders, orders[rule.column].isnull())
        return missing, f"order rows without {rule.column}", f"缺少 {rule.column} 的订单行"
    if isinstance(rule, RangeRule):
        span = f"{_end(rule.min)}..{_end(rule.max)}"
        return (
            _counted(orders, _outside(orders[rule.column], rule.min, rule.max)),
            f"order rows with {rule.column} outside {span}",
            f"{rule.column} 超出 {span} 的订单行",
        )
    if isinstance(rule, LateRule):
        rows = _last_import(facts)
        late = rows.received_at > rows.occurred_at + ibis.interval(days=rule.max_days)
        return (
            _counted(rows, late),
            f"last import's rows more than {rule.max_days} days late",
            f"最近一次导入中迟到超过 {rule.max_days} 天的行",
        )
    future = _counted(activity, activity.occurred_at > activity.received_at)
    return future, "rows dated after they were received", "日期晚于接收时间的行"


def _last_import(facts: Facts) -> ir.Table:
    """Return the rows of the last import; none if it is the only one, which is all history."""
    imports = facts.imports.table
    ids = imports.aggregate(first=imports.import_id.min(), last=imports.import_id.max())
    found = _row(facts.imports, ids)
    activity = facts.activity.table
    if found["first"] == found["last"]:
        return activity.filter(ibis.literal(False))
    return activity.filter(activity.import_id == ibis.literal(found["last"], "string"))


def _outside(column: ir.NumericValue, low: float | None, high: float | None) -> ir.BooleanValue:
    below = ibis.literal(False) if low is None else column < low
    above = ibis.literal(False) if high is None else column > high
    return below | above


def _counted(rows: ir.Table, broken: ir.BooleanValue) -> ir.Table:
    return rows.aggregate(broken=rows.count(where=broken), total=rows.count())


def _row(relation: Relation, expression: ir.Table) -> Mapping[str, object]:
    """Return an expression's first row; empty if it has none."""
    rows: list[Mapping[str, object]] = relation.collect(expression).to_pylist()
    return rows[0] if rows else {}


def _end(limit: float | None) -> str:
    return "" if limit is None else f"{limit:,g}"
