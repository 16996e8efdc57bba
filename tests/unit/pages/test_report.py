import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.kernel import OptionError
from tenure.kernel.cells import restore_cell
from tenure.pages import build_report, collect
from tenure.pages.page import RARE_SHARE, Page
from tenure.pages.report import render
from tenure.pages.texts import texts
from tests.sample_report import (
    FORMULA,
    HOSTILE_SOURCE,
    SCRIPT,
    activity,
    report_inputs,
    scorecards,
)

VOID = {"meta", "link", "br", "img", "path", "rect"}


class Reader(HTMLParser):
    """Collects tags, ids and text, and checks that every element is closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.ids, self.hrefs, self.text = [], [], [], [], ""

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.hrefs.append(found["href"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(path):
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert reader.open == []
    return reader


@pytest.mark.parametrize("page", [0, 1])
def test_page_is_whole_and_every_link_leads_to_a_place_on_it(report, page):
    reader = read(report.pages[page])
    assert len(reader.ids) == len(set(reader.ids))
    assert {href.removeprefix("#") for href in reader.hrefs} <= set(reader.ids)
    assert [tag for tag, _ in reader.tags].count("h1") == 1
    assert reader.tags[0][1]["lang"] == ("en", "zh-Hans")[page]


@pytest.mark.parametrize("page", [0, 1])
def test_page_asks_nobody_for_anything(report, page):
    reader = read(report.pages[page])
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    sources = [
        a for _, a in reader.tags for name in ("src", "href") if name in a for a in [a[name]]
    ]
    assert all(source.startswith(("#", "data:,")) for source in sources)
    assert not re.search(r"url\(|@import|https?://(?!evil)", report.pages[page].read_text("utf-8"))


def test_hostile_texts_are_shown_as_text(report):
    reader = read(report.pages[0])
    for text in (SCRIPT, FORMULA, HOSTILE_SOURCE, "orders <b>2024</b>.csv", "Shop & <Co>"):
        assert text in reader.text


def test_hostile_cells_are_inert_in_csv_and_whole_in_parquet(report):
    with (report.tables / "overdue_customers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = {row["customer_id"] for row in rows}
    assert "'" + FORMULA in cells and SCRIPT in cells
    table = pq.read_table(report.tables / "overdue_customers.parquet")
    assert [restore_cell(row["customer_id"]) for row in rows] == table["customer_id"].to_pylist()


def test_json_csv_and_parquet_hold_the_same_figures(report):
    figures = json.loads(report.figures.read_text("utf-8"))
    assert {path.stem for path in report.tables.glob("*.csv")} == set(figures["tables"])
    for name, table in figures["tables"].items():
        parquet = pq.read_table(report.tables / f"{name}.parquet").to_pylist()
        with (report.tables / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(parquet) == len(rows) == len(table["rows"])
        for kept, cell, row in zip(parquet, rows, table["rows"], strict=True):
            for column in table["columns"]:
                value = row[column["name"]]
                text = restore_cell(cell[column["name"]])
                assert text == ("" if value is None else str(value))
                if isinstance(kept[column["name"]], Decimal):
                    assert Decimal(value) == kept[column["name"]]


def test_the_same_inputs_give_the_same_bytes(report, tmp_path):
    again = build_report(report_inputs(cards=scorecards()), tmp_path, ("en", "zh"))
    for old, new in [*zip(report.pages, again.pages, strict=True), (report.figures, again.figures)]:
        assert old.read_bytes() == new.read_bytes()
    for file in report.tables.iterdir():
        assert file.read_bytes() == (again.tables / file.name).read_bytes()


def test_hidden_ids_are_in_no_file_even_after_a_report_that_named_them(inputs, tmp_path):
    build_report(inputs, tmp_path)
    build_report(replace(inputs, show_customers=False), tmp_path, ("zh",))
    contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert contents
    for content in contents:
        assert b"alert(" not in content.replace(b"onerror=alert(1)", b"")
        assert b"HYPERLINK" not in content


def test_open_periods_are_blank_or_named_open_never_zero(report, figures):
    rows = figures.tables["retention"].rows
    assert rows[-1]["state"] == "open" and rows[-1]["retention_rate"] is None
    page = report.pages[0].read_text("utf-8")
    assert '<td class="open" title="open"></td>' in page
    assert re.search(r'<tr class="open"><th scope="row">Jun 2024</th>.*?open', page)


def test_findings_are_ranked_by_money_with_faults_of_the_data_first(figures):
    kept = [f for f in figures.findings if not f.care and f.at_stake is not None]
    assert [f.at_stake for f in kept] == sorted((f.at_stake for f in kept), reverse=True)
    assert figures.findings[0].variant == "fail"
    names = {f.name for f in figures.findings}
    assert names == {
        "quality",
        "point_value",
        "overdue",
        "one_time",
        "concentration",
        "retention_change",
        "source_gap",
    }


def test_every_figure_says_its_date_zone_population_definition_and_command(report, figures):
    text = report.pages[0].read_text("utf-8")
    # A scorecard says its dates and population once, under its verdict.
    text = re.sub(r'<section class="scorecard".*?</section>', "", text, flags=re.S)
    for figure in re.findall(r'<figure (?:class="chart" )?id=".*?</figure>', text, re.S):
        assert "As of 15 Jun 2024 · Asia/Shanghai · " in figure
        assert re.search(r'href="#def-\w+', figure) and "<code>tenure " in figure
    assert {t.definition for t in figures.tables.values()} <= set(figures.definitions)


def test_report_without_amounts_or_customers_has_no_invented_money(tmp_path):
    rows = activity()
    index = rows.schema.get_field_index("value")
    bare = rows.set_column(
        index, rows.schema.field("value"), pa.nulls(len(rows), rows.schema.field("value").type)
    )
    files = build_report(report_inputs(bare, currency=None), tmp_path)
    figures = json.loads(files.figures.read_text("utf-8"))
    assert all(finding["at_stake"] is None for finding in figures["findings"])
    assert "nan" not in files.pages[0].read_text("utf-8").lower().split()


def test_unknown_language_is_refused(inputs, tmp_path):
    with pytest.raises(OptionError, match="en or zh"):
        build_report(inputs, tmp_path, ("fr",))


@pytest.mark.parametrize("period", ["week", "year"])
def test_other_periods_name_their_own_unit(period, tmp_path):
    page = build_report(report_inputs(period=period), tmp_path).pages[0].read_text("utf-8")
    assert f"Cohort retention by {period}" in page
    assert f"Retention per {period}" in page  # the table, also where a line needs more points
    assert "per month" not in page


def test_a_shop_with_a_single_order_has_a_report_without_invented_findings(tmp_path):
    one = activity().slice(0, 1)
    files = build_report(report_inputs(one), tmp_path, ("zh", "en"))
    found = json.loads(files.figures.read_text("utf-8"))["findings"]
    assert {finding["name"] for finding in found} == {"quality", "one_time"}


def test_scorecards_stand_in_the_report_in_both_languages(report, figures):
    churn = figures.scorecards["churn"]
    customers = sum(one.customers for one in churn.origins)
    left = round(sum(one.outcome for one in churn.origins))
    assert left / customers < RARE_SHARE
    said = {
        0: (f"({left} of {customers:,})", "That is rare", "The model and its simple rivals"),
        1: (f"（{customers:,} 位中的 {left} 位）", "流失很少见", "模型与对照方法"),
    }
    for number, words in said.items():
        html = report.pages[number].read_text(encoding="utf-8")
        assert 'href="#scorecards"' in html
        for kind in figures.scorecards:
            assert f'href="#scorecard-{kind}"' in html
            assert f'<section class="scorecard" id="scorecard-{kind}"' in html
            assert f'id="cap-scorecard-{kind}-predictors"' in html
        assert "&lt;she&gt;" in html or "&lt;即为流失&gt;" in html
        for word in words:
            assert word in html, word


def test_where_many_leave_nothing_is_called_rare(tmp_path):
    cards = scorecards()
    many = {"churn": replace(cards["churn"], origins=_with_half_gone(cards["churn"]))}
    html = render(collect(report_inputs(cards=many)), "en")
    assert "50.0% left within 91 days" in html
    assert "That is rare" not in html


def test_without_scorecards_there_is_no_section_of_them():
    page = Page(collect(report_inputs()), texts("en"))
    assert "scorecards" not in page.sections
    assert "scorecards" in Page(collect(report_inputs(cards=scorecards())), texts("en")).sections


def _with_half_gone(card):
    return tuple(replace(one, outcome=one.customers / 2) for one in card.origins)
