"""A scorecard in a real browser: offline, without barriers, readable on a phone."""

import json

import pytest

from tenure.pages.scorecard_page import scorecard_page
from tenure.predictions.scorecards.judging import scorecard
from tenure.predictions.scorecards.money import ContactPlan
from tests.unit.predictions.scorecards.cards import (
    RIVALS,
    amount_origins,
    binary_origins,
    options,
)

pytestmark = pytest.mark.browser

SIZES = {"desk": (1400, 1000), "phone": (390, 844)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scorecard")
    plan = ContactPlan(2, 0.2, 5)
    cards = {
        "en": scorecard(
            "binary",
            binary_origins(count=400),
            model="model",
            rivals=RIVALS,
            options=options(plan=plan),
        ),
        "zh": scorecard(
            "amount",
            amount_origins(count=400),
            model="model",
            rivals=["past_rate"],
            options=options(),
        ),
    }
    for language, card in cards.items():
        text = scorecard_page(card, language, currency="EUR")
        (folder / f"{language}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(params=[(size, page) for size in SIZES for page in ("en", "zh")], ids=str)
def opened(request, browser, pages):
    """A page with everything unfolded, and what it said and asked for."""
    size, name = request.param
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda sent: asked.append(sent.url))
    address = (pages / f"{name}.html").as_uri()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    yield page, said, [url for url in asked if url not in (address, "data:,")]
    page.close()


def test_opens_without_a_fault_and_asks_nobody(opened):
    _, said, asked = opened
    assert (said, asked) == ([], [])


def test_has_no_barrier_that_axe_knows(opened, axe):
    page, _, _ = opened
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    told = [(v["id"], [n["html"][:120] for n in v["nodes"][:3]]) for v in found]
    assert told == [], json.dumps(told, indent=1, ensure_ascii=False)


def test_never_scrolls_sideways_as_a_whole(opened):
    page, _, _ = opened
    wide = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && "
        "!e.closest('svg') && "
        "(e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 || "
        "e.getBoundingClientRect().left < -1))"
        ".map(e => e.className + ': ' + e.textContent.slice(0, 60))"
    )
    assert wide == []


def test_curves_are_drawn_where_their_axes_are(opened):
    page, _, _ = opened
    boxes = page.evaluate(
        "[...document.querySelectorAll('.plot')].map(p => { const b = p.getBoundingClientRect(); "
        "return [...p.querySelectorAll('svg path.s0, svg rect')].every(e => { "
        "const r = e.getBoundingClientRect(); return r.top >= b.top - 3 && "
        "r.bottom <= b.bottom + 3 && r.left >= b.left - 3 && r.right <= b.right + 3; }); })"
    )
    assert boxes and all(boxes)
