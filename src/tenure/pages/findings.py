"""What matters first: the few statements a reader acts on, ranked by the money at stake.

Each finding is values; its words are in the text catalogue under `finding.<name>.<variant>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tenure.kernel import Estimate, Undefined
from tenure.pages.stakes import POINT, PeriodFact, PointValue, change_against_before, point_value
from tenure.pages.tables import FigureTable, Row, Value
from tenure.pages.values import Kind

PERIODS_PER_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
RETURN_SHARE = 0.1
"""The share of one-time buyers in the finding's example: one in ten."""
FEWEST_CUSTOMERS_OF_SOURCE = 100
FEWEST_TOP_CUSTOMERS = 5
VARIANTS: dict[str, tuple[str, ...]] = {
    "point_value": ("worth",),
    "overdue": ("more", "usual"),
    "one_time": ("timed", "plain"),
    "concentration": ("some",),
    "retention_change": ("up", "down", "none"),
    "source_gap": ("gap",),
    "quality": ("fail", "warn", "quarantined"),
}
"""Every finding's name and variants; the text catalogue has words for each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement with what a reader needs to weigh it.

    Parameters
    ----------
    name, variant : which words it takes.
    section : id of the section that shows more.
    definition : key of its definition.
    command : the command that lists the customers or figures behind it.
    facts : kind and value of each place in its words.
    at_stake : money a year or as its words say; None if no amount can be named.
    estimate : interval of `at_stake` (or of the rate it speaks of); None if it is a count.
    care : True if it warns about the data.
    """

    name: str
    variant: str
    section: str
    definition: str
    command: str
    facts: Mapping[str, tuple[Kind, Value]]
    at_stake: Decimal | None = None
    estimate: Estimate | None = None
    estimate_kind: Kind = Kind.MONEY
    care: bool = False


def find(tables: Mapping[str, FigureTable], period: str) -> tuple[Finding, ...]:
    """Return the findings of a report: warnings about the data, then by money at stake.

    Parameters
    ----------
    tables : the report's tables by name.
    period : unit of the retention periods.
    """
    found: list[Finding | None] = [
        *_quality(tables),
        _point_value(tables, period),
        _overdue(tables),
        _one_time(tables),
        _concentration(tables),
        _retention_change(tables),
        _source_gap(tables),
    ]
    kept = [finding for finding in found if finding is not None]
    return tuple(sorted(kept, key=_rank))


def period_facts(tables: Mapping[str, FigureTable]) -> tuple[list[PeriodFact], list[Row]]:
    """Return what each complete period says about keeping customers, with its row."""
    retention = tables.get("retention")
    revenue = {row["period"]: row for row in _rows(tables, "revenue")}
    facts, rows = [], []
    for row in retention.rows if retention else ():
        value = revenue.get(row["period"], {}).get("net_value")
        if row["state"] != "complete" or row["retention_rate"] is None:
            continue
        at_start, retained, at_end = (_int(row[k]) for k in ("at_start", "retained", "at_end"))
        facts.append(PeriodFact(at_start, retained, at_end, _float(value)))
        rows.append(row)
    return facts, rows


def _rank(finding: Finding) -> tuple[int, Decimal, str]:
    order = -1 if finding.care and finding.variant == "fail" else 0
    if finding.care and finding.variant != "fail":
        order = 2
    return (
        (order if finding.care else 1 - (finding.at_stake is not None)),
        -(finding.at_stake or Decimal(0)),
        finding.name,
    )


def _point_value(tables: Mapping[str, FigureTable], period: str) -> Finding | None:
    facts, rows = period_facts(tables)
    if not facts or all(row.get("net_value") is None for row in _rows(tables, "revenue")):
        return None
    horizon = PERIODS_PER_YEAR[period]
    worth = point_value(facts, horizon)
    if isinstance(worth, Undefined):
        return None
    table = tables["retention"]
    return Finding(
        "point_value",
        "worth",
        "retention",
        "point_value",
        table.command,
        _point_facts(worth, rows[-1]["period"]),
        _money(worth.estimate.value),
        worth.estimate,
    )


def _point_facts(worth: PointValue, latest: Value) -> dict[str, tuple[Kind, Value]]:
    return {
        "amount": (Kind.ABOUT_MONEY, _money(worth.estimate.value)),
        "active": (Kind.COUNT, worth.active_now),
        "retention": (Kind.RATE, worth.retention),
        "better": (Kind.RATE, min(1.0, worth.retention + 0.01)),
        "value": (Kind.UNIT_MONEY, _money(worth.value_per_active)),
        "one_period": (Kind.ABOUT_MONEY, _money(worth.one_period)),
        "latest": (Kind.PERIOD, latest),
        "periods": (Kind.COUNT, worth.periods),
        "horizon": (Kind.COUNT, worth.horizon),
    }


def _overdue(tables: Mapping[str, FigureTable]) -> Finding | None:
    bands = [row for row in _rows(tables, "overdue_bands") if row["overdue"] == "yes"]
    customers = sum(_int(row["customers"]) for row in bands)
    if not customers:
        return None
    value, usual_value = (
        _sum(bands, name) for name in ("net_value_365_days", "usual_net_value_365_days")
    )
    usual = sum(_int(row["usual_customers"]) for row in bands)
    beyond = None if value is None or usual_value is None else value - usual_value
    more = customers > usual and beyond is not None and beyond > 0
    long: Row = next((row for row in bands if row["band"] == "overdue_long"), {})
    unusual: Row = next(iter(_rows(tables, "unusual_silence")), {})
    return Finding(
        "overdue",
        "more" if more else "usual",
        "rhythm",
        "overdue",
        tables["overdue_bands"].command,
        {
            "count": (Kind.COUNT, customers),
            "usual": (Kind.COUNT, usual),
            "amount": (Kind.MONEY, value),
            "long": (Kind.COUNT, _int(long.get("customers"))),
            "long_usual": (Kind.COUNT, _int(long.get("usual_customers"))),
            "unusual": (Kind.COUNT, _int(unusual.get("customers"))),
            "unusual_amount": (Kind.MONEY, unusual.get("net_value_365_days")),
        },
        beyond if more else None,
    )


def _one_time(tables: Mapping[str, FigureTable]) -> Finding | None:
    summary = next(iter(_rows(tables, "repeat_summary")), None)
    if summary is None or not summary["one_time_customers"]:
        return None
    count, mean = _int(summary["one_time_customers"]), summary["mean_order_value"]
    # at least one customer, so that a small shop's example is not about nobody
    example = max(1, round(count * RETURN_SHARE))
    stake = None if mean is None else _money(_float(mean) * example)
    facts: dict[str, tuple[Kind, Value]] = {
        "count": (Kind.COUNT, count),
        "share": (Kind.RATE, summary["one_time_share"]),
        "example": (Kind.COUNT, example),
        "amount": (Kind.MONEY, stake),
        "mean": (Kind.UNIT_MONEY, mean),
    }
    timed = summary["half_returned_days"] is not None
    if timed:
        facts |= {
            "half": (Kind.DAYS, summary["half_returned_days"]),
            "most": (Kind.DAYS, summary["most_returned_days"]),
            "returned": (Kind.RATE, summary["returned_share"]),
            "horizon": (Kind.DAYS, summary["horizon_days"]),
        }
    return Finding(
        "one_time",
        "timed" if timed else "plain",
        "rhythm",
        "repeat",
        tables["repeat_summary"].command,
        facts,
        stake,
    )


def _concentration(tables: Mapping[str, FigureTable]) -> Finding | None:
    rows = {row["top_share"]: row for row in _rows(tables, "concentration")}
    ten, twenty = rows.get(0.1), rows.get(0.2)
    if ten is None or twenty is None or ten["value_share"] is None:
        return None
    if _int(ten["customers"]) < FEWEST_TOP_CUSTOMERS:
        return None
    value = ten["net_value_365_days"]
    point = _money(_float(value) * POINT)
    return Finding(
        "concentration",
        "some",
        "revenue",
        "concentration",
        tables["concentration"].command,
        {
            "customers": (Kind.COUNT, ten["customers"]),
            "ten": (Kind.RATE, ten["value_share"]),
            "twenty": (Kind.RATE, twenty["value_share"]),
            "count": (Kind.COUNT, ten["overdue_customers"]),
            "amount": (Kind.MONEY, value),
        },
        point,
    )


def _retention_change(tables: Mapping[str, FigureTable]) -> Finding | None:
    facts, rows = period_facts(tables)
    change = change_against_before(facts)
    if isinstance(change, Undefined):
        return None
    latest = facts[-1]
    certain = change.low > 0 or change.high < 0
    value = latest.net_value / latest.active if latest.active else 0.0
    amount = _money(abs(change.value) * latest.at_start * value)
    variant = "none" if not certain else "up" if change.value > 0 else "down"
    return Finding(
        "retention_change",
        variant,
        "retention",
        "retention_change",
        tables["retention"].command,
        {
            "latest": (Kind.PERIOD, rows[-1]["period"]),
            "rate": (Kind.RATE, latest.retained / latest.at_start),
            "change": (Kind.POINTS, change.value),
            "low": (Kind.POINTS, change.low),
            "high": (Kind.POINTS, change.high),
            "periods": (Kind.COUNT, min(len(facts) - 1, 12)),
            "amount": (Kind.MONEY, amount),
        },
        amount if certain and amount else None,
        change,
        Kind.POINTS,
    )


def _source_gap(tables: Mapping[str, FigureTable]) -> Finding | None:
    rows = [
        row
        for row in _rows(tables, "source_value")
        if row["mean_value"] is not None
        and _int(row["customers"]) >= FEWEST_CUSTOMERS_OF_SOURCE
        and row["source"] is not None
    ]
    if len(rows) < 2:
        return None
    ordered = sorted(rows, key=lambda row: (_float(row["mean_value"]), str(row["source"])))
    worst, best = ordered[0], ordered[-1]
    gap = _float(best["mean_value"]) - _float(worst["mean_value"])
    half = 1.959964 * (_float(best["error"]) ** 2 + _float(worst["error"]) ** 2) ** 0.5
    if gap - half <= 0:
        return None
    count = _int(worst["customers"])
    estimate = Estimate(gap * count, (gap - half) * count, (gap + half) * count, 0.95, "welch")
    return Finding(
        "source_gap",
        "gap",
        "growth",
        "source_value",
        tables["source_value"].command,
        {
            "best": (Kind.TEXT, best["source"]),
            "worst": (Kind.TEXT, worst["source"]),
            "best_value": (Kind.UNIT_MONEY, best["mean_value"]),
            "worst_value": (Kind.UNIT_MONEY, worst["mean_value"]),
            "customers": (Kind.COUNT, count),
            "amount": (Kind.ABOUT_MONEY, _money(estimate.value)),
        },
        _money(estimate.value),
        estimate,
    )


def _quality(tables: Mapping[str, FigureTable]) -> list[Finding | None]:
    rules = _rows(tables, "quality")
    found: list[Finding | None] = []
    for status in ("fail", "warn"):
        hit = [row for row in rules if row["status"] == status]
        if hit:
            facts: dict[str, tuple[Kind, Value]] = {
                "count": (Kind.COUNT, len(hit)),
                "rules_en": (Kind.TEXT, _broken(hit, "en")),
                "rules_zh": (Kind.TEXT, _broken(hit, "zh")),
            }
            found.append(_care("quality", status, facts))
    read = sum(_int(row["rows_read"]) for row in _rows(tables, "imports"))
    aside = sum(_int(row["quarantined"]) for row in _rows(tables, "imports"))
    if aside:
        share = aside / read
        facts = {"count": (Kind.COUNT, aside), "share": (Kind.RATE, share)}
        found.append(_care("quality", "quarantined", facts))
    return found


def _broken(rules: Sequence[Row], language: str) -> str:
    return "; ".join(f"{rule['rule']}: {rule[f'measured_{language}']}" for rule in rules[:3])


def _care(name: str, variant: str, facts: Mapping[str, tuple[Kind, Value]]) -> Finding:
    return Finding(name, variant, "quality", "quality", "tenure doctor", facts, care=True)


def _rows(tables: Mapping[str, FigureTable], name: str) -> tuple[Row, ...]:
    table = tables.get(name)
    return table.rows if table else ()


def _sum(rows: list[Row], name: str) -> Decimal | None:
    known = [row[name] for row in rows if isinstance(row[name], Decimal)]
    return sum((Decimal(str(value)) for value in known), Decimal(0)) if known else None


def _int(value: Value) -> int:
    return int(value) if isinstance(value, int | float | Decimal) else 0


def _float(value: Value) -> float:
    return float(value) if isinstance(value, int | float | Decimal) else 0.0


def _money(amount: float) -> Decimal:
    return Decimal(repr(round(amount, 2)))
