import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.scorecards.amounts import (
    amount_errors,
    normalised_gini,
    poisson_deviance,
)
from tenure.predictions.scorecards.discrimination import auc, lift
from tenure.predictions.scorecards.figures import FIGURES, meaning_of
from tenure.predictions.scorecards.findings import LeakageCheck, LeakageFinding, Weight
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.money import ContactPlan, expected_profit
from tenure.predictions.scorecards.origins import ScoredOrigin
from tenure.predictions.scorecards.rankings import ranking_figures
from tenure.predictions.scorecards.scorecard import Scorecard
from tests.unit.predictions.scorecards.cards import (
    RIVALS,
    WORDS,
    amount_origins,
    binary_card,
    binary_origins,
    options,
    ranking_origins,
)

PLAN = ContactPlan(contact_cost=0.5, save_rate=0.1)


@pytest.fixture(scope="module")
def origins():
    return binary_origins()


@pytest.fixture(scope="module")
def card(origins):
    return binary_card(origins, depths=(0.1, 200), plan=PLAN)


@pytest.fixture(scope="module")
def amounts():
    return amount_origins()


@pytest.fixture(scope="module")
def amount_card(amounts):
    return scorecard(
        "amount", amounts, model="model", rivals=["past_rate"], options=options(draws=300)
    )


@pytest.fixture(scope="module")
def lists():
    return ranking_origins()


@pytest.fixture(scope="module")
def ranking_card(lists):
    return scorecard(
        "ranking",
        lists,
        model="model",
        rivals=["popular"],
        options=options(suggestions=5, product_count=60),
    )


def test_a_model_with_more_signal_beats_its_rivals_and_is_recommended(card):
    assert card.verdict.code == "beats"
    assert card.recommended == "model"
    assert "Model: better than every simple rival over 3 past dates" in card.verdict.text["en"]
    assert "优于所有对照方法" in card.verdict.text["zh"]


def test_a_model_that_says_what_a_rival_says_is_not_better_and_the_simpler_is_recommended():
    made = [
        replace(one, predictions={**one.predictions, "recency": one.predictions["model"]})
        for one in binary_origins()
    ]
    card = binary_card(made)
    assert card.verdict.code == "not_better"
    assert card.recommended == "recency"
    assert "days since the last order" in card.verdict.text["en"]


def test_a_model_below_a_rival_is_called_worse():
    made = [
        replace(
            one,
            predictions={
                **one.predictions,
                "recency": one.predictions["model"],
                "model": one.predictions["recency"],
            },
        )
        for one in binary_origins()
    ]
    card = binary_card(made)
    assert (card.verdict.code, card.recommended) == ("not_better", "recency")
    assert "Model: worse than" in card.verdict.text["en"]
    assert "不如" in card.verdict.text["zh"]


def test_a_world_without_signal_is_reported_as_such():
    card = binary_card(binary_origins(strength=0.0))
    assert card.verdict.code == "no_signal"
    assert card.recommended == "base_rate"
    assert "No signal" in card.verdict.text["en"] and "没有信号" in card.verdict.text["zh"]


def test_too_few_events_are_not_judged():
    card = binary_card(binary_origins(count=60, level=-3.0))
    assert card.verdict.code == "too_few_events"
    assert "at least 30" in card.verdict.text["en"]


def test_a_customer_who_leaves_thrice_is_one_customer_with_the_event():
    rng = np.random.default_rng(1)
    made = []
    for one in binary_origins(count=200):
        happened = np.zeros(200)
        happened[:20] = 1
        made.append(
            replace(
                one,
                actual=happened,
                predictions={name: rng.uniform(0.05, 0.15, 200) for name in one.predictions},
            )
        )
    assert binary_card(made).verdict.code == "too_few_events"


def test_a_proven_leak_outweighs_the_best_figures(origins):
    leak = LeakageFinding(
        "future_changes_it",
        "attr_status",
        {"en": "attr_status changes when the future is deleted.", "zh": "attr_status 会改变。"},
        {"en": "Leave it out.", "zh": "请删除。"},
        Weight.PROOF,
    )
    check = LeakageCheck("future_deleted", {"en": "a", "zh": "b"}, (leak,))
    card = binary_card(origins, checks=(check,))
    assert card.verdict.code == "leaks"
    assert "attr_status" in card.verdict.text["en"] and "attr_status" in card.verdict.text["zh"]
    alarm = replace(check, findings=(replace(leak, weight=Weight.ALARM),))
    card = binary_card(origins, checks=(alarm,))
    assert card.verdict.code == "beats"
    assert "leakage alarm" in card.verdict.text["en"]


def test_without_a_base_rate_each_dates_own_mean_is_the_yardstick(origins):
    made = [
        replace(one, predictions={k: v for k, v in one.predictions.items() if k != "base_rate"})
        for one in origins
    ]
    card = scorecard("binary", made, model="model", rivals=["recency"], options=options())
    assert card.names == ("base_rate", "recency", "model")
    assert card.rivals == ("base_rate", "recency")
    assert card.reading("base_rate", "total_error").value == pytest.approx(0)


def test_figures_over_dates_are_those_of_each_date_weighted_by_events(card, origins):
    by_date = [(auc(o.actual, o.predictions["model"]).value, np.sum(o.actual)) for o in origins]
    expected = np.average([v for v, _ in by_date], weights=[w for _, w in by_date])
    found = card.reading("model", "auc")
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.low < found.value < found.high
    lifts = [lift(o.actual, o.predictions["model"], depth=0.1) for o in origins]
    expected = np.average(lifts, weights=[w for _, w in by_date])
    assert card.reading("model", "lift_at_10_percent").value == pytest.approx(expected)
    for summary, (value, events) in zip(card.origins, by_date, strict=True):
        assert summary.figures["model"]["auc"].value == pytest.approx(value)
        assert summary.outcome == events


def test_profit_is_per_date_by_probability_times_value(card, origins):
    expected = np.mean(
        [
            expected_profit(
                o.actual,
                np.asarray(o.predictions["model"]) * o.value,
                o.value,
                plan=PLAN,
                depth=200,
            )
            for o in origins
        ]
    )
    found = card.reading("model", "profit_at_200_customers")
    assert found.value == pytest.approx(expected)
    assert found.low < expected < found.high
    assert card.assumptions == PLAN.text


def test_the_interval_of_the_auc_agrees_with_delongs_for_independent_customers():
    made = [replace(one, customers=None) for one in binary_origins(count=800)]
    card = binary_card(made, draws=1_000)
    widths = []
    for o in made:
        estimate = auc(o.actual, o.predictions["model"])
        widths.append((estimate.high - estimate.low, np.sum(o.actual)))
    events = np.array([w for _, w in widths], float)
    expected = np.sqrt(np.sum((np.array([w for w, _ in widths]) * events / events.sum()) ** 2))
    found = card.reading("model", "auc")
    assert found.high - found.low == pytest.approx(expected, rel=0.1)


def test_errors_of_amounts_are_taken_over_all_rows(amount_card, amounts):
    actual = np.concatenate([one.actual for one in amounts])
    forecast = np.concatenate([one.predictions["model"] for one in amounts])
    errors = amount_errors(actual, forecast)
    for figure in ("mean_absolute_error", "root_mean_squared_error", "bias", "total_error"):
        assert amount_card.reading("model", figure).value == pytest.approx(getattr(errors, figure))
    ginis = [normalised_gini(one.actual, one.predictions["model"]) for one in amounts]
    totals = [one.actual.sum() for one in amounts]
    expected = np.average(ginis, weights=totals)
    assert amount_card.reading("model", "normalised_gini").value == pytest.approx(expected)
    assert amount_card.reading("model", "interval_coverage").value > 0.5
    assert amount_card.verdict.code == "beats"


def test_one_large_surprise_does_not_decide_the_verdict(amount_card):
    made = amount_origins()
    actual = np.array(made[0].actual)
    actual[0] = 5 * actual.max()
    made[0] = replace(made[0], actual=actual)
    card = scorecard("amount", made, model="model", rivals=["past_rate"], options=options())
    before = amount_card.reading("model", "root_mean_squared_error").value
    assert card.reading("model", "root_mean_squared_error").value > 1.3 * before
    assert card.recommended == amount_card.recommended == "model"


def test_a_rival_that_forecasts_nothing_is_judged_by_a_tenth_of_the_mean():
    made = [
        replace(one, predictions={**one.predictions, "past_rate": np.zeros(1_500)})
        for one in amount_origins()
    ]
    card = scorecard("amount", made, model="model", rivals=["past_rate"], options=options())
    actual = np.concatenate([one.actual for one in made])
    expected = poisson_deviance(actual, np.full(actual.size, actual.mean() / 10))
    assert card.reading("past_rate", "deviance").value == pytest.approx(expected)


def test_more_returned_than_sold_is_an_amount_too():
    made = [replace(one, actual=np.asarray(one.actual) - 5) for one in amount_origins()]
    card = scorecard("amount", made, model="model", rivals=["past_rate"], options=options())
    json.loads(card.as_json(), parse_constant=lambda name: pytest.fail(name))


def test_amounts_without_signal_are_reported_as_such():
    rng = np.random.default_rng(8)
    made = [
        replace(
            one,
            predictions={name: rng.gamma(2, 10, one.actual.size) for name in one.predictions},
        )
        for one in amount_origins(strength=0.0)
    ]
    card = scorecard("amount", made, model="model", rivals=["past_rate"], options=options())
    assert (card.verdict.code, card.recommended) == ("no_signal", "mean")


def test_lists_are_judged_by_recall_with_repeats_and_new_products_apart(ranking_card, lists):
    figures = [ranking_figures(o.predictions["model"], o.bought, k=5) for o in lists]
    expected = np.average([f.recall for f in figures], weights=[f.customers for f in figures])
    assert ranking_card.judged_by == "recall_at_5_suggestions"
    assert ranking_card.reading("model", ranking_card.judged_by).value == pytest.approx(expected)
    again = ranking_card.reading("model", "repeat_recall_at_5_suggestions").value
    new = ranking_card.reading("model", "new_recall_at_5_suggestions").value
    assert (again, new) == (1.0, 0.0)
    assert ranking_card.verdict.code == "beats"
    assert [len(points) for points in ranking_card.curves["recall"].values()] == [5, 5]


def test_lists_no_better_than_chance_are_no_signal():
    rng = np.random.default_rng(9)
    made = ranking_origins(lean=0.0)
    lists = np.array([rng.permutation(60)[:10] for _ in range(400)])
    made = [replace(one, predictions={**one.predictions, "model": lists}) for one in made]
    card = scorecard(
        "ranking", made, model="model", rivals=["popular"], options=options(product_count=60)
    )
    assert (card.verdict.code, card.recommended) == ("no_signal", "popular")


@pytest.mark.parametrize("name", ["card", "amount_card", "ranking_card"])
def test_a_scorecard_comes_back_from_json_as_it_was(name, request):
    made = request.getfixturevalue(name)
    text = made.as_json()
    assert Scorecard.from_dict(json.loads(text)) == made
    assert Scorecard.from_dict(json.loads(text)).as_json() == text


@pytest.mark.parametrize("name", ["card", "amount_card", "ranking_card"])
def test_every_figure_has_its_meaning_in_both_languages(name, request):
    made = request.getfixturevalue(name)
    for readings in made.figures.values():
        for figure in readings:
            meaning = meaning_of(figure)
            assert meaning.title["en"] and meaning.title["zh"]
            assert meaning.better in ("higher", "lower", "zero", "one")


def test_every_figure_of_the_catalogue_is_made_by_some_scorecard(card, amount_card, ranking_card):
    made = set()
    for one in (card, amount_card, ranking_card):
        for figure in one.figures["model"]:
            made.add(figure.split("_at_")[0])
    assert made == set(FIGURES)


def test_titles_of_figures_name_their_depth():
    assert meaning_of("lift_at_10_percent").title["en"] == "Lift, best 10%"
    assert meaning_of("lift_at_2_5_percent").title["en"] == "Lift, best 2.5%"
    assert meaning_of("gain_at_200_customers").title["zh"] == "找到的比例（前 200 位）"
    with pytest.raises(KeyError):
        meaning_of("charm")


def test_the_same_input_gives_the_same_bytes_and_row_order_changes_no_figure(origins):
    once, again = (binary_card(origins).as_json() for _ in range(2))
    assert once == again
    shuffled = []
    for one in origins:
        mix = np.random.default_rng(4).permutation(len(one.actual))
        shuffled.append(
            replace(
                one,
                actual=np.asarray(one.actual)[mix],
                predictions={k: np.asarray(v)[mix] for k, v in one.predictions.items()},
                customers=np.asarray(one.customers)[mix],
                value=np.asarray(one.value)[mix],
            )
        )
    first, second = binary_card(origins), binary_card(shuffled)
    for figure, found in first.figures["model"].items():
        other = second.reading("model", figure)
        assert other.value == pytest.approx(found.value)
        if found.low is not None:
            assert other.low == pytest.approx(found.low)


def test_other_predictors_are_candidates_too(origins):
    made = [
        replace(one, predictions={**one.predictions, "simple_model": one.predictions["model"]})
        for one in origins
    ]
    card = binary_card(made)
    assert card.names == ("base_rate", "recency", "simple_model", "model")
    # as good as the model, and simpler
    assert card.recommended == "simple_model"
    turned = ("base_rate", "recency", "model", "simple_model")
    assert binary_card(made, simplicity=turned).recommended == "model"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"task": "multiclass"}, "task"),
        ({"origins": slice(0, 2)}, "at least 3"),
        ({"rivals": ()}, "at least one rival"),
        ({"rivals": ("model",)}, "at least one rival"),
        ({"task": "ranking"}, "another kind"),
        ({"options": {"simplicity": ("model",)}}, "simplicity"),
    ],
)
def test_what_cannot_be_judged_is_refused(origins, change, told):
    with pytest.raises(OptionError, match=told):
        scorecard(
            change.get("task", "binary"),
            origins[change.get("origins", slice(None))],
            model="model",
            rivals=change.get("rivals", RIVALS),
            options=options(**change.get("options", {})),
        )


@pytest.mark.parametrize(
    "given",
    [{"draws": 10}, {"confidence": 1.0}, {"suggestions": 0}, {"depths": (0.0,)}],
)
def test_options_out_of_range_are_refused(given):
    with pytest.raises(OptionError):
        ScorecardOptions(**WORDS, **given)


def test_dates_must_rise_and_windows_must_be_open(origins):
    with pytest.raises(OptionError, match="in order of time"):
        binary_card(origins[::-1])
    with pytest.raises(OptionError, match="window"):
        binary_card([replace(origins[0], until=date(2023, 1, 1)), *origins[1:]])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"predictions": {"model": [0.1]}}, "no predictions of base_rate, recency"),
        ({"customers": None}, "ids at 2 of 3 origins"),
        ({"customers": np.zeros(1_500)}, "customers twice"),
        ({"customers": np.arange(3)}, "shape"),
        ({"actual": np.full(1_500, 0.5)}, "0 or 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(origins, change, told):
    with pytest.raises(DataError, match=told):
        binary_card([replace(origins[0], **change), *origins[1:]])


def test_a_figure_that_does_not_exist_is_named(card):
    with pytest.raises(DataError, match="'charm' of 'model'"):
        card.reading("model", "charm")
    with pytest.raises(DataError, match="version"):
        Scorecard.from_dict({"version": 0})
    broken = card.as_dict()
    del broken["names"]
    with pytest.raises(DataError, match="without 'names'"):
        Scorecard.from_dict(broken)


def test_no_number_that_is_not_finite_leaves_however_odd_the_data():
    rng = np.random.default_rng(5)
    made = []
    for one in binary_origins(count=120):
        happened = np.zeros(120) if one is made else (rng.random(120) < 0.4).astype(float)
        made.append(
            ScoredOrigin(
                one.as_of,
                one.until,
                happened if made else np.zeros(120),
                {"base_rate": np.zeros(120), "recency": np.ones(120), "model": happened},
                value=np.zeros(120),
            )
        )
    card = binary_card(made, plan=PLAN)
    json.loads(card.as_json(), parse_constant=lambda name: pytest.fail(name))


def test_a_model_that_orders_well_but_promises_badly_is_not_called_without_signal():
    made = []
    for one in binary_origins():
        extreme = np.clip(4 * np.asarray(one.predictions["model"]), 0, 1)
        blind = np.full(1_500, 0.2)
        made.append(replace(one, predictions={"recency": blind, "model": extreme}))
    card = scorecard("binary", made, model="model", rivals=["recency"], options=options())
    assert card.reading("model", "auc").low > 0.7
    assert card.recommended == "base_rate"
    assert card.verdict.code == "not_better"


def test_coarse_groups_of_the_draws_do_not_shift_an_interval():
    # the events are the first 40 of 6,000: a draw's groups of 23 rows blur their precision
    made = []
    for one in binary_origins(count=6_000):
        scores = np.linspace(0.9, 0.1, 6_000)
        happened = (np.arange(6_000) < 40).astype(float)
        made.append(
            replace(one, actual=happened, predictions={"recency": scores[::-1], "model": scores})
        )
    card = scorecard("binary", made, model="model", rivals=["recency"], options=options())
    found = card.reading("model", "average_precision")
    assert found.value == 1.0
    assert found.low > 0.97
