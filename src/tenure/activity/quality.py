"""The quality of what is known: each rule measured over the facts, with a pass or not.

Enters: facts and rules. Leaves: one finding per rule; what cannot be measured is `unknown`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
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
from tenure.engine.duck import quote

_WEEKS_MIN = 3


@dataclass(frozen=True, slots=True)
class QualityFinding:
    """One rule's outcome.

    Parameters
    ----------
    rule : the rule's name.
    check : its kind.
    state : `pass`, `warning`, `error` or `unknown`.
    measured : what was found, as text with its unit.
    expected : what the rule asks for.
    """

    rule: str
    check: str
    state: str
    measured: str
    expected: str


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
        return _finding(rule, None, "nothing to measure", expected)
    return _finding(rule, share <= rule.max_share, f"{share:.2%} ({count:,} rows)", expected)


def _finding(rule: Rule, passed: bool | None, measured: str, expected: str) -> QualityFinding:
    state = "unknown" if passed is None else "pass" if passed else rule.severity
    return QualityFinding(rule.name, rule.check, state, measured, expected)


def _freshness(facts: Facts, rule: FreshnessRule, now: datetime) -> QualityFinding:
    expected = f"at most {rule.max_age_days} days old"
    (last,) = _row(facts, "SELECT max(occurred_at) FROM activity")
    if not isinstance(last, datetime):
        return _finding(rule, None, "no activity", expected)
    age = now - last
    passed = age <= timedelta(days=rule.max_age_days)
    return _finding(
        rule, passed, f"newest activity {age.days} days old ({last:%Y-%m-%d})", expected
    )


def _volume(facts: Facts, rule: VolumeRule) -> QualityFinding:
    expected = (
        f"{rule.low_ratio:g} to {rule.high_ratio:g} times the median of the "
        f"{rule.history_weeks} weeks before"
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
        return _finding(rule, None, "too little history", expected)
    ratio = weeks.get(0, 0) / statistics.median(before)
    passed = rule.low_ratio <= ratio <= rule.high_ratio
    return _finding(rule, passed, f"{ratio:.2f} times ({weeks.get(0, 0):,} orders)", expected)


def _share(
    facts: Facts, rule: QuarantinedRule | MissingRule | RangeRule | LateRule | FutureRule
) -> tuple[float | None, int, str]:
    """Return the share and number of rows that break a rule, and what it expects."""
    most = f"at most {rule.max_share:.2%}"
    if isinstance(rule, QuarantinedRule):
        sql = "SELECT quarantined, rows_read FROM imports ORDER BY received_at DESC LIMIT 1"
        expected = f"{most} of the last import's rows quarantined"
    elif isinstance(rule, MissingRule):
        sql = _count_sql(f"{quote(rule.column)} IS NULL")
        expected = f"{most} of the order rows without {rule.column}"
    elif isinstance(rule, RangeRule):
        low = f"{rule.column} < {rule.min}" if rule.min is not None else "false"
        high = f"{rule.column} > {rule.max}" if rule.max is not None else "false"
        sql = _count_sql(f"({low} OR {high})")
        expected = f"{most} of the order rows with {rule.column} outside {rule.min}..{rule.max}"
    elif isinstance(rule, LateRule):
        sql = (
            f"SELECT count(*) FILTER (received_at - occurred_at > INTERVAL {rule.max_days} DAY), "
            "count(*) FROM activity WHERE import_id = (SELECT max(import_id) FROM imports) "
            "AND import_id <> (SELECT min(import_id) FROM imports)"
        )
        expected = f"{most} of the last import's rows more than {rule.max_days} days late"
    else:
        sql = "SELECT count(*) FILTER (occurred_at > received_at), count(*) FROM activity"
        expected = f"{most} of the rows dated after they were received"
    row = _row(facts, sql)
    broken, total = (int(str(row[0] or 0)), int(str(row[1] or 0))) if row else (0, 0)
    return (broken / total if total else None), broken, expected


def _count_sql(broken: str) -> str:
    return f"SELECT count(*) FILTER ({broken}), count(*) FROM activity WHERE kind = 'order'"


def _row(facts: Facts, sql: str) -> tuple[object, ...]:
    row = facts.engine.connection.execute(sql).fetchone()
    return tuple(row) if row else ()
