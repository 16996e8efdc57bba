import pytest

from tenure.pages.page import Page
from tenure.pages.texts import texts


@pytest.fixture(params=["en", "zh"])
def page(request, figures):
    return Page(figures, texts(request.param))


def test_every_shown_table_has_words_for_all_its_headers_and_codes(page):
    for name in page.figures.tables:
        if name in ("totals", "cohorts", "repeat_summary", "unusual_silence", "second_order_curve"):
            continue
        view = page.table(name)
        assert view.caption and view.source.title
        for row in view.rows:
            assert len(row.cells) == len(view.headers)
            assert all(cell.text or cell.bar is not None for cell in row.cells)


def test_chinese_page_has_no_english_word_of_our_own(figures):
    page = Page(figures, texts("zh"))
    for finding in page.findings:
        if finding.care or "source" in finding.id:
            continue  # measured values and the business's own names stand as they are
        said = finding.headline + finding.stake
        assert not any(word.isascii() and len(word) > 4 and word.isalpha() for word in said.split())


def test_period_names_follow_the_language(figures):
    english, chinese = (Page(figures, texts(language)).sights for language in ("en", "zh"))
    assert english.period("2017-01") == "Jan 2017" and chinese.period("2017-01") == "2017年1月"
    assert english.period("2017-Q4") == "Q4 2017" and chinese.period("2017-Q4") == "2017年第4季度"
    assert english.period("2017-W05") == "week 5, 2017" and chinese.period("2017") == "2017"
    assert english.period("2017-01-31") == "31 Jan 2017"


def test_heat_map_has_a_blank_for_every_month_that_has_not_ended(page):
    heat = page.heat()
    for row in heat.rows[1:]:
        assert len(row.cells) == len(heat.numbers)
        opened = [cell.open for cell in row.cells]
        assert opened == sorted(opened)
    assert heat.rows[-1].cells[-1].open


def test_long_tables_show_the_latest_periods_and_say_so(figures):
    from dataclasses import replace

    table = figures.tables["lifecycle"]
    long = replace(table, rows=table.rows * 3)
    view = Page(replace(figures, tables={**figures.tables, "lifecycle": long}), texts("en")).table(
        "lifecycle"
    )
    assert len(view.rows) == 24
    assert view.notes[0] == "Shown: the latest 24 rows; the exported files hold all."
