"""Each quality rule on facts that keep it, break it, or do not tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tenure.activity.importing import ImportOptions
from tenure.activity.quality import QualityFinding, judge
from tenure.activity.quality_rules import default_rules_text, parse_rules
from tenure.assembly import Workspace, import_into

NOW = datetime(2025, 3, 31, 12)
HEADER = "order_id,customer_id,order_date,line_total,store"


class Shop:
    """A workspace whose clock can be set."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOW
        self.workspace = Workspace.create(folder / "workspace", clock=lambda: self.now)

    def bring(self, *rows: str) -> None:
        path = self.folder / "orders.csv"
        path.write_text("\n".join((HEADER, *rows, "")))
        import_into(self.workspace, [path], ImportOptions(date_order="ymd"))
        self.now += timedelta(seconds=1)

    def judge(self, rule: str) -> QualityFinding:
        rules = parse_rules(f"rules: [{{name: mine, {rule}}}]", None)
        (finding,) = judge(self.workspace.facts(), rules, self.now)
        assert set(finding.measured) == set(finding.expected) == {"en", "zh"}
        return finding


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def orders(days: dict[date, int], total: str = "9.50") -> list[str]:
    listed = [day for day, count in days.items() for _ in range(count)]
    return [f"{day:%y%m%d}{i},c{i},{day},{total},North" for i, day in enumerate(listed)]


def weekly(*counts: int) -> list[str]:
    """Give the orders of weeks, the last of which ends two days ago."""
    last = date(2025, 3, 29)
    return orders({last - timedelta(weeks=i): n for i, n in enumerate(reversed(counts))})


def test_fresh(shop: Shop):
    shop.bring(*weekly(1))
    finding = shop.judge("check: freshness, max_age_days: 7")
    assert finding.measured["en"] == "newest activity 2 days old (2025-03-29)"
    assert shop.judge("check: freshness, max_age_days: 3").state == "pass"
    assert shop.judge("check: freshness, max_age_days: 1").state == "warning"
    assert shop.judge("check: freshness, max_age_days: 1, severity: error").state == "error"


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ((4, 5, 6, 5, 5), "pass"),
        ((4, 5, 6, 5, 1), "warning"),
        ((4, 5, 6, 5, 20), "warning"),
        ((5, 5, 5), "unknown"),
        ((4, 0, 5, 0, 6, 4), "pass"),
    ],
)
def test_volume_against_its_own_history(shop: Shop, counts: tuple[int, ...], state: str):
    shop.bring(*weekly(*counts))
    assert shop.judge("check: volume, history_weeks: 8").state == state


def test_rows_quarantined_at_the_last_import(shop: Shop):
    rows = weekly(1, 2, 3, 4)
    shop.bring(*rows[:9], rows[9].replace("2025", "soon"))
    finding = shop.judge("check: quarantined, max_share: 0.05")
    assert (finding.state, finding.measured["en"]) == ("warning", "10.00% (1 rows)")
    assert shop.judge("check: quarantined, max_share: 0.1").state == "pass"
    shop.bring(*rows)
    assert shop.judge("check: quarantined, max_share: 0").state == "pass"


def test_missing_values(shop: Shop):
    shop.bring(*(row.replace("9.50", "") if i < 2 else row for i, row in enumerate(weekly(4))))
    finding = shop.judge("check: missing, column: value, max_share: 0.4")
    assert (finding.state, finding.measured["en"]) == ("warning", "50.00% (2 rows)")
    assert shop.judge("check: missing, column: channel, max_share: 0").state == "pass"
    assert shop.judge("check: missing, column: source, max_share: 0.9").state == "warning"


def test_values_out_of_range(shop: Shop):
    shop.bring(*weekly(3), "999,c9,2025-03-29,5000.00,North")
    finding = shop.judge("check: range, min: 0, max: 1000, max_share: 0.2")
    assert (finding.state, finding.measured["en"]) == ("warning", "25.00% (1 rows)")
    assert shop.judge("check: range, min: 0, max_share: 0").state == "pass"


def test_rows_that_come_late(shop: Shop):
    shop.bring(*weekly(1, 1))
    assert shop.judge("check: late, max_days: 1, max_share: 0").state == "unknown"
    shop.bring("1,c1,2025-01-15,1,North", "2,c2,2025-03-29,1,North")
    assert shop.judge("check: late, max_days: 30, max_share: 0.4").state == "warning"
    assert shop.judge("check: late, max_days: 30, max_share: 0.5").state == "pass"


def test_rows_from_the_future(shop: Shop):
    shop.bring(*weekly(2), "9,c9,2025-04-01,1,North")
    assert shop.judge("check: future, max_share: 0, severity: error").state == "error"
    assert shop.judge("check: future, max_share: 0.5").state == "pass"


def test_an_empty_workspace_is_unknown_not_good(shop: Shop):
    rules = parse_rules(default_rules_text(), None)
    found = judge(shop.workspace.facts(), rules, NOW)
    assert {finding.state for finding in found} == {"unknown"}
