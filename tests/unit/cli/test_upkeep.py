"""Erasure through the command: gone from lake, quarantine, reports, and killed imports' scratch."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from tenure.cli import main

ORDERS = """order_id,customer_id,order_date,line_total
1,anna-7,2024-01-05,10.50
2,bert,2024-01-15,5.00
3,anna-7,not a date,7.00
4,anna-77,2024-02-25,8.00
"""


def test_an_erased_customer_leaves_no_bytes_in_the_workspace(tmp_path: Path) -> None:
    file, root = tmp_path / "orders.csv", tmp_path / "workspace"
    file.write_text(ORDERS)
    run = CliRunner().invoke
    assert run(main, ["import", str(file), "-w", str(root)]).exit_code == 0
    assert run(main, ["snapshot", "--keep", "-w", str(root)]).exit_code == 0
    left_behind = root / ".scratch" / "import-999999999-dead"
    left_behind.mkdir(parents=True)
    (left_behind / "copy.csv").write_text(ORDERS)
    (root / "reports" / "report.html").write_text("anna-7")

    done = run(main, ["erase", "anna-7", "--yes", "--json", "-w", str(root)])

    told = json.loads(done.stdout)
    assert told["rows"] == {"activity": 1, "snapshots": 1}
    assert (told["quarantined_rows"], told["reports_removed"]) == (1, ["report.html"])
    naming = [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and b"anna-7" in path.read_bytes().replace(b"anna-77", b"")
    ]
    assert naming == []
    totals = json.loads(run(main, ["metrics", "totals", "--json", "-w", str(root)]).stdout)
    assert totals["rows"][0]["customers"] == 2


def test_a_check_up_names_what_is_wrong_and_exits_with_3(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    run = CliRunner().invoke
    run(main, ["init", str(root)])
    assert run(main, ["doctor", "-w", str(root)]).exit_code == 0
    (root / "definitions" / "quality.yaml").write_text("rules: [{name: x, check: nonsense}]")
    (root / "definitions" / "segments" / "mine.yaml").write_text(
        "name: mine\ntitle: {en: M, zh: M}\nexpression: order_cuont > 3\n"
    )
    found = run(main, ["doctor", "--json", "-w", str(root)])
    faults = [f for f in json.loads(found.stdout)["findings"] if f["state"] == "fault"]
    assert found.exit_code == 3
    assert [fault["check"] for fault in faults] == ["quality rules", "segments"]
    assert "order_count" in faults[1]["detail"]


def test_compaction_counts_days_by_the_time_zone_set_now(tmp_path: Path) -> None:
    file, root = tmp_path / "orders.csv", tmp_path / "workspace"
    file.write_text("order_id,customer_id,order_date,line_total\n1,a,2024-01-05T23:30:00Z,1.00\n")
    run = CliRunner().invoke
    run(main, ["import", str(file), "-w", str(root)])
    settings = root / "tenure.toml"
    settings.write_text(settings.read_text().replace('"UTC"', '"Asia/Shanghai"'))
    days = [f for f in doctor(root) if f["check"] == "business days"]
    assert days[0]["state"] == "warning"
    assert run(main, ["compact", "-w", str(root)]).exit_code == 0
    totals = json.loads(run(main, ["metrics", "totals", "--json", "-w", str(root)]).stdout)
    assert totals["rows"][0]["first_order_on"] == "2024-01-06"


def doctor(root: Path) -> list[dict[str, str]]:
    findings: list[dict[str, str]] = json.loads(
        CliRunner().invoke(main, ["doctor", "--json", "-w", str(root)]).stdout
    )["findings"]
    return findings


def test_a_wrong_path_makes_no_workspace(tmp_path: Path) -> None:
    for command in ("run", "import"):
        root = tmp_path / command
        done = CliRunner().invoke(main, [command, str(tmp_path / "no.csv"), "-w", str(root)])
        assert (done.exit_code, root.exists()) == (4, False)
