"""The quality of what is known: each rule measured over the facts, with a pass or not.

Enters: facts and rules. Leaves: one finding per rule; what cannot be measured is `unknown`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

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
from tenure.engine.duck import first_row, quote

_WEEKS_MIN = 3


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
    (last,) = first_row(facts.engine.connection, "SELECT max(occurred_at) FROM activity")
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
    # The last seven days of data, and the weeks of seven days before them: no open week.
    counts = facts.engine.connection.execute(
        "SELECT week, count(DISTINCT order_id) FROM (SELECT order_id, "
        "date_diff('day', occurred_on, (SELECT max(occurred_on) FROM activity)) // 7 AS week "
        "FROM activity WHERE kind = 'order') WHERE week <= ? GROUP BY week",
        [rule.history_weeks],
    ).fetchall()
    weeks = {int(week): int(count) for week, count in counts}
    before = [weeks.get(week, 0) for week in range(1, max(weeks, default=0) + 1)]
    if len(before) < _WEEKS_MIN or not statistics.median(before):
        return _finding(rule, None, _text("too little history", "历史数据太少"), expected)
    ratio = weeks.get(0, 0) / statistics.median(before)
    passed = rule.low_ratio <= ratio <= rule.high_ratio
    orders = weeks.get(0, 0)
    measured = _text(f"{ratio:.2f} times ({orders:,} orders)", f"{ratio:.2f} 倍（{orders:,} 单）")
    return _finding(rule, passed, measured, expected)


def _share(
    facts: Facts, rule: QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule
) -> tuple[float | None, int, Text]:
    """Return the share and number of rows that break a rule, and what it expects."""
    sql, english, chinese = _measure(rule)
    most = f"{rule.max_share:.2%}"
    expected = _text(f"at most {most} of the {english}", f"{chinese}最多 {most}")
    row = first_row(facts.engine.connection, sql)
    broken, total = (int(row[0] or 0), int(row[1] or 0)) if row else (0, 0)
    return (broken / total if total else None), broken, expected


def _measure(
    rule: QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule,
) -> tuple[str, str, str]:
    """Return SQL for (rows that break the rule, all rows), and what they are, en and zh."""
    if isinstance(rule, QuarantinedRule):
        sql = "SELECT quarantined, rows_read FROM imports ORDER BY received_at DESC LIMIT 1"
        return sql, "last import's rows quarantined", "最近一次导入中被隔离的行"
    if isinstance(rule, MissingRule):
        sql = _count_sql(f"{quote(rule.column)} IS NULL")
        return sql, f"order rows without {rule.column}", f"缺少 {rule.column} 的订单行"
    if isinstance(rule, RangeRule):
        low = f"{rule.column} < {rule.min}" if rule.min is not None else "false"
        high = f"{rule.column} > {rule.max}" if rule.max is not None else "false"
        span = f"{_end(rule.min)}..{_end(rule.max)}"
        return (
            _count_sql(f"({low} OR {high})"),
            f"order rows with {rule.column} outside {span}",
            f"{rule.column} 超出 {span} 的订单行",
        )
    if isinstance(rule, LateRule):
        sql = (
            f"SELECT count(*) FILTER (received_at - occurred_at > INTERVAL {rule.max_days} DAY), "
            "count(*) FROM activity WHERE import_id = (SELECT max(import_id) FROM imports) "
            "AND import_id <> (SELECT min(import_id) FROM imports)"
        )
        return (
            sql,
            f"last import's rows more than {rule.max_days} days late",
            f"最近一次导入中迟到超过 {rule.max_days} 天的行",
        )
    sql = "SELECT count(*) FILTER (occurred_at > received_at), count(*) FROM activity"
    return sql, "rows dated after they were received", "日期晚于接收时间的行"


def _end(limit: float | None) -> str:
    return "" if limit is None else f"{limit:,g}"


def _count_sql(broken: str) -> str:
    return f"SELECT count(*) FILTER ({broken}), count(*) FROM activity WHERE kind = 'order'"
