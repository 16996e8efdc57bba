import json

import numpy as np
import pyarrow as pa
import pytest

from tenure.experiments.uplift.learners import LEARNERS, make_learner
from tenure.experiments.uplift.pilots import folds, pilot
from tenure.kernel import DataError, OptionError
from tests.unit.experiments.uplift.made_pilots import Made, made

KINDS = [(code, base) for code in LEARNERS for base in ("linear", "boosted")]


@pytest.fixture(scope="module")
def shop() -> Made:
    return made()


@pytest.fixture(scope="module")
def spending() -> Made:
    return made(amounts=True, uneven=True, seed=2)


@pytest.mark.parametrize(("code", "base"), KINDS)
def test_planted_effects_are_found_and_a_saved_learner_says_the_same(shop, code, base):
    learner = make_learner(code, base).fit(shop.table, shop.treated, shop.outcome, 0.5)
    found = learner.predict(shop.table)
    assert np.corrcoef(found, shop.effect)[0, 1] > 0.5
    assert abs(found.mean() - shop.effect.mean()) < 0.03
    text = json.dumps(learner.to_dict(), allow_nan=False)
    assert len(text) < 1_000_000
    again = type(learner).from_dict(json.loads(text))
    np.testing.assert_array_equal(again.predict(shop.table), found)
    assert json.dumps(again.to_dict()) == text


@pytest.mark.parametrize(("code", "base"), KINDS)
def test_effects_on_amounts_are_in_money_under_uneven_chances(spending, code, base):
    given = spending.pilot
    learner = make_learner(code, base).fit_pilot(given)
    found = learner.predict(given.table)
    assert np.corrcoef(found, spending.effect)[0, 1] > 0.8
    assert abs(found.mean() - spending.effect.mean()) < 0.7


@pytest.mark.parametrize(("code", "base"), [("t", "linear"), ("x", "boosted")])
def test_the_same_seed_learns_the_same(shop, code, base):
    one, two = (make_learner(code, base, seed=3).fit_pilot(shop.pilot) for _ in range(2))
    assert one.to_dict() == two.to_dict()


def test_rows_never_seen_and_unknown_values_are_predicted(shop):
    learner = make_learner("dr", "boosted").fit_pilot(shop.pilot)
    rows = pa.table(
        {
            "number": pa.array([0.0, None], pa.float64()),
            "spend": pa.array([None, 1e9], pa.float64()),
            "place": pa.array(["never seen", None]),
        }
    )
    assert np.isfinite(learner.predict(rows)).all()


def test_parameters_follow_the_conventions_of_the_field(shop):
    learner = make_learner("s", "linear", seed=4)
    assert learner.get_params() == {"base": "linear", "outcome": "auto", "seed": 4, "keep": ()}
    learner.set_params(base="boosted")
    assert learner.base == "boosted"
    with pytest.raises(DataError, match="never fitted"):
        learner.predict(shop.table)


def test_identifiers_are_refused_by_name(shop):
    table = shop.table.append_column("email", pa.array([f"{i}@x" for i in range(4000)]))
    learner = make_learner("t", "linear").fit(table, shop.treated, shop.outcome, 0.5)
    assert "email" not in learner.space_.columns
    assert [remark.code for remark in learner.remarks_] == ["identifier"]


def test_what_is_no_pilot_is_refused(shop):
    with pytest.raises(DataError, match="some who were not"):
        pilot(shop.table, np.ones(4000), shop.outcome)
    with pytest.raises(DataError, match=r"propensity\[0\] = 1"):
        pilot(shop.table, shop.treated, shop.outcome, 1.0)
    with pytest.raises(DataError, match="treated"):
        pilot(shop.table, shop.treated[:-1], shop.outcome)
    with pytest.raises(DataError, match="finite"):
        pilot(shop.table, shop.treated, np.full(4000, np.nan))
    with pytest.raises(OptionError, match="outcome"):
        pilot(shop.table, shop.treated, shop.outcome, kind="sometimes")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="learner"):
        make_learner("r", "linear")
    with pytest.raises(OptionError, match="base"):
        make_learner("t", "forest")
    few = pilot({"a": np.arange(30.0)}, np.arange(30) < 5, np.arange(30.0))
    with pytest.raises(DataError, match="an arm of 5 customers"):
        make_learner("t", "linear").fit_pilot(few)


def test_folds_are_alike_in_arms_and_events(shop):
    given = shop.pilot
    fold = folds(given, 5, seed=9)
    for number in range(5):
        rows = fold == number
        assert abs(given.treated[rows].sum() - given.treated.sum() / 5) <= 2
        assert abs(given.outcome[rows].sum() - given.outcome.sum() / 5) <= 2
    np.testing.assert_array_equal(fold, folds(given, 5, seed=9))


def test_a_few_refunds_and_the_unit_of_money_change_nothing_but_the_unit():
    random = np.random.default_rng(6)
    number = random.normal(size=6000)
    treated = (random.random(6000) < 0.5).astype(float)
    spend = random.gamma(1.0, np.exp(2 + number + 0.4 * treated))
    learner = make_learner("s", "boosted").fit({"number": number}, treated, spend, 0.5)
    found = learner.predict({"number": number})
    assert np.corrcoef(found, np.exp(2 + number))[0, 1] > 0.8
    cents = make_learner("s", "boosted").fit({"number": number}, treated, 100 * spend, 0.5)
    np.testing.assert_allclose(cents.predict({"number": number}), 100 * found, rtol=1e-6)
    spend[:5] = -20.0
    refunds = make_learner("s", "boosted").fit({"number": number}, treated, spend, 0.5)
    assert np.corrcoef(refunds.predict({"number": number}), found)[0, 1] > 0.9
