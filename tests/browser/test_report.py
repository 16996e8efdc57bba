"""The report in a real browser: offline, without faults, readable on a phone and on paper."""

import json

import pytest

from tenure.pages import build_report
from tests.sample_report import report_inputs, scorecards

pytestmark = pytest.mark.browser

SIZES = {"desk": (1400, 1000), "phone": (390, 844)}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    inputs = report_inputs(cards=scorecards())
    return build_report(inputs, tmp_path_factory.mktemp("report"), ("en", "zh"))


@pytest.fixture(params=[(size, page) for size in SIZES for page in (0, 1)], ids=str)
def opened(request, browser, report):
    """A page, and what it said and asked for while it was opened."""
    size, number = request.param
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: asked.append(sent.url))
    address = report.pages[number].as_uri()
    page.goto(address)
    yield page, said, [url for url in asked if url not in (address, "data:,")]
    page.close()


def test_opens_without_a_fault_and_asks_nobody(opened):
    page, said, asked = opened
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert said == []
    assert asked == []


def test_has_no_barrier_that_axe_knows(opened, axe):
    page, _, _ = opened
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    told = [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found]
    assert told == [], json.dumps(told, indent=1, ensure_ascii=False)


def test_never_scrolls_sideways_as_a_whole(opened):
    page, _, _ = opened
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    width = page.evaluate("document.documentElement.clientWidth")
    wide = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && "
        "!e.closest('svg') && !e.classList.contains('skip') && "
        "e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
        ".map(e => e.className + ': ' + e.textContent.slice(0, 60))"
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_wide_tables_scroll_in_a_region_that_the_keyboard_reaches(opened):
    page, _, _ = opened
    regions = page.locator("main .scroll")
    assert regions.count() > 5
    for region in regions.all():
        assert region.get_attribute("tabindex") == "0"
        assert region.get_attribute("role") == "region"


def test_prints_everything_even_what_is_folded(opened):
    page, _, _ = opened
    page.emulate_media(media="print")
    folded = page.locator("details p").first
    assert folded.is_visible()
    assert not page.locator(".toc").is_visible()
