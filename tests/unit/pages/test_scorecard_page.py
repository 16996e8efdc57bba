import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import tenure.pages
from tenure.kernel import OptionError
from tenure.pages.scorecard_charts import Curve, pairs_of_bars, plane
from tenure.pages.scorecard_page import scorecard_page, scorecard_section
from tenure.pages.scorecard_words import ScorecardWords, scorecard_texts
from tenure.pages.texts import LANGUAGES, texts
from tenure.pages.values import Writer
from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Weight
from tenure.predictions.scorecards.judging import scorecard
from tenure.predictions.scorecards.money import ContactPlan
from tenure.predictions.scorecards.readings import Reading
from tests.unit.predictions.scorecards.cards import (
    RIVALS,
    amount_origins,
    binary_origins,
    options,
    ranking_origins,
)

FOLDER = Path(tenure.pages.__file__).parent
VOID = {"meta", "link", "br", "path", "rect"}


@pytest.fixture(scope="module")
def cards():
    checks = (
        LeakageCheck(
            "future_deleted",
            {"en": "Future deleted", "zh": "删除未来"},
            (
                LeakageFinding(
                    "future_changes_it",
                    "x<y>",
                    {"en": "x<y> changes.", "zh": "x<y> 会变。"},
                    {"en": "Leave it out.", "zh": "请删除。"},
                    Weight.PROOF,
                ),
            ),
        ),
    )
    return {
        "binary": scorecard(
            "binary",
            binary_origins(count=400),
            model="model",
            rivals=RIVALS,
            options=options(depths=(0.1, 50), plan=ContactPlan(2, 0.2, 5)),
        ),
        "amount": scorecard(
            "amount",
            amount_origins(count=400),
            model="model",
            rivals=["past_rate"],
            options=options(),
        ),
        "ranking": scorecard(
            "ranking",
            ranking_origins(count=150),
            model="model",
            rivals=["popular"],
            options=options(),
        ),
        "leaks": scorecard(
            "binary",
            binary_origins(count=200),
            model="model",
            rivals=RIVALS,
            options=options(checks=checks),
        ),
        "few": scorecard(
            "binary",
            binary_origins(count=40, level=-3),
            model="model",
            rivals=RIVALS,
            options=options(),
        ),
        "no_signal": scorecard(
            "binary",
            binary_origins(count=300, strength=0.0),
            model="model",
            rivals=RIVALS,
            options=options(),
        ),
    }


class Outline(HTMLParser):
    """Opened and closed tags, ids and references of a page."""

    def __init__(self, html):
        super().__init__()
        self.open, self.faults, self.ids, self.wanted, self.fetched = [], [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in named:
            self.ids.append(named["id"])
        self.wanted += named.get("aria-labelledby", "").split()
        self.fetched += [v for k, v in attributes if k in ("src", "href") and v != "data:,"]

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["binary", "amount", "ranking", "leaks", "few", "no_signal"])
def test_every_scorecard_is_a_whole_page_that_fetches_nothing(cards, name, language):
    page = Outline(scorecard_page(cards[name], language, currency="EUR"))
    assert (page.open, page.faults) == ([], [])
    assert len(page.ids) == len(set(page.ids))
    assert set(page.wanted) <= set(page.ids)
    assert page.fetched == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_comes_first_with_its_words(cards, language):
    for name, code in (("leaks", "leaks"), ("few", "too_few_events"), ("no_signal", "no_signal")):
        html = scorecard_section(cards[name], language)
        text = cards[name].verdict.text[language].split("<")[0][:40]
        assert scorecard_texts(language).say(f"code.{code}") in html
        assert html.index(text) < html.index("<table")


def test_words_from_the_data_are_escaped(cards):
    hostile = "<script>alert(1)</script>"
    card = cards["binary"]
    made = replace(
        card,
        titles={name: {"en": hostile, "zh": hostile} for name in card.names},
        definition={"en": hostile, "zh": hostile},
        population={"en": hostile, "zh": hostile},
    )
    for html in (scorecard_page(made, "en"), scorecard_section(cards["leaks"], "zh")):
        assert "<script" not in html
        assert "x<y>" not in html
    assert "&lt;script&gt;" in scorecard_page(made, "en")


def test_two_scorecards_stand_on_one_page_without_a_common_id(cards):
    html = scorecard_section(cards["binary"], "en", prefix="churn", level=3) + scorecard_section(
        cards["amount"], "en", prefix="value", level=3
    )
    page = Outline(html)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.wanted) <= set(page.ids)
    assert "<h3" in html and "<h2" not in html


def test_every_task_shows_its_charts_each_with_its_table(cards):
    wanted = {
        "binary": ["reliability", "gain", "profit"],
        "amount": ["deciles", "gain"],
        "ranking": ["recall"],
    }
    for name, charts in wanted.items():
        html = scorecard_section(cards[name], "en")
        found = re.findall(r'id="chart-scorecard-(\w+)"', html)
        assert found == charts
        assert html.count("<svg") == html.count("<desc") == len(charts)
        for chart in charts:
            assert f'id="cap-scorecard-{chart}-points"' in html


def test_the_same_scorecard_gives_the_same_bytes(cards):
    assert scorecard_page(cards["binary"], "zh") == scorecard_page(cards["binary"], "zh")


def test_amounts_are_money_only_with_a_currency(cards):
    assert "€" in scorecard_section(cards["amount"], "en", currency="EUR")
    assert "€" not in scorecard_section(cards["amount"], "en")


def test_both_languages_have_the_same_keys_and_places():
    english, chinese = (scorecard_texts(language).leaves for language in ("en", "zh"))
    assert set(english) == set(chinese)
    places = re.compile(r"\{(\w+)\}")
    assert {
        key
        for key in english
        if set(places.findall(english[key])) != set(places.findall(chinese[key]))
    } == set()
    with pytest.raises(OptionError):
        scorecard_texts("xx")


def test_every_key_stands_in_code_or_template():
    source = "\n".join(
        path.read_text("utf-8")
        for path in (*FOLDER.glob("scorecard_*.py"), *FOLDER.glob("templates/scorecard*.j2"))
    )
    for key in scorecard_texts("en").leaves:
        first, last = key.split(".")[0], key.split(".")[-1]
        assert f'"{key}"' in source or f'"{last}"' in source or f'f"{first}.' in source, key


def test_figures_are_written_by_their_kind():
    words = ScorecardWords(scorecard_texts("en"), Writer(texts("en"), "EUR"))
    assert words.reading("auc", Reading(0.7471, 0.73, 0.76)) == ("0.747", "0.730 to 0.760")
    assert words.reading("total_error", Reading(-0.0861)) == ("−8.6%", "")
    assert words.reading("total_error", Reading(0.0002)) == ("0.0%", "")
    assert words.reading("lift_at_10_percent", Reading(2.4444)) == ("2.44", "")
    assert words.reading("profit_at_50_customers", Reading(-1234.5)) == ("−€1,234", "")
    assert words.reading("auc", Reading(None, reason="undefined")) == ("n/a", "")
    assert words.skill(Reading(0.114, -0.01, 0.13)) == ("+11.4%", "−1.0% to +13.0%")
    assert words.short_amount(-8_000) == "−€8K"
    plain = ScorecardWords(scorecard_texts("zh"), Writer(texts("zh"), None))
    assert plain.amount(12.3456) == "12.35"
    assert plain.short_amount(80_000) == "8万"


def test_curves_stay_within_the_box_and_square_axes_share_their_end():
    rng = np.random.default_rng(1)
    points = list(zip(np.sort(rng.random(20)), rng.random(20) * 0.3, strict=True))
    chart = plane([Curve("a", points, dotted=True)], str, str, square=True)
    assert [tick.text for tick in chart.x_ticks] == [tick.text for tick in chart.y_ticks]
    numbers = [float(n) for n in re.findall(r"[\d.]+", chart.series[0].path)]
    assert all(0 <= n <= 100 for n in numbers)
    below = plane([Curve("a", [(0, -5), (1, 5)])], str, str)
    assert below.zero == 50.0
    empty = plane([Curve("a", [])], str, str)
    assert empty.series[0].path == ""


def test_bars_stand_side_by_side_and_hang_below_zero():
    chart = pairs_of_bars(["1", "2"], ("f", [2.0, -1.0]), ("a", [1.0, 0.0]), str)
    assert [bar.key for bar in chart.bars] == ["f", "a", "f"]
    ends = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(ends))
    assert chart.bars[2].y == chart.zero
