"""Distinct rows: the same as grouping by hand, whatever the unit."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.predictions.fitting.tuples import distinct

RANDOM = np.random.default_rng(0)
COUNT = RANDOM.poisson(2.0, 5000).astype(float)
AGE = RANDOM.integers(1, 60, 5000).astype(float)
WIDE = RANDOM.integers(0, 20, 5000) * 1e6


@pytest.mark.parametrize("unit", [1.0, 1 / 7, 86_400.0, 1 / 365.25])
@pytest.mark.parametrize("columns", [(COUNT, AGE), (COUNT, AGE, WIDE)])
def test_rows_are_grouped_in_any_unit(unit: float, columns: tuple[np.ndarray, ...]):
    given = (columns[0], *(column * unit for column in columns[1:]))
    found = distinct(given)
    wanted, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    wanted[:, 1:] *= unit
    assert np.stack(found.columns, axis=1) == pytest.approx(wanted, rel=1e-12)
    assert (found.weights == counts).all()
    assert found.customers == 5000


@pytest.mark.parametrize("columns", [(COUNT, AGE), (COUNT, AGE, WIDE)])
def test_the_way_back_leads_to_every_row(columns: tuple[np.ndarray, ...]):
    found = distinct(columns, for_rows=True)
    for given, values in zip(columns, found.columns, strict=True):
        assert (found.spread(values) == given).all()


@pytest.mark.parametrize("columns", [(COUNT, AGE), (COUNT, AGE, WIDE)])
@pytest.mark.parametrize("for_rows", [False, True])
def test_weights_are_summed(columns: tuple[np.ndarray, ...], for_rows: bool):
    weights = RANDOM.random(5000)
    found = distinct(columns, weights, for_rows=for_rows)
    assert found.customers == pytest.approx(weights.sum())
    first = (found.columns[0][0] == COUNT) & (found.columns[1][0] == AGE)
    if len(columns) > 2:
        first &= columns[2] == found.columns[2][0]
    assert found.weights[0] == pytest.approx(weights[first].sum())


def test_continuous_rows_stand_for_themselves():
    times = RANDOM.random(5000)
    found = distinct((COUNT, times), for_rows=True)
    assert len(found) == 5000
    assert (found.spread(found.columns[1]) == times).all()
    assert (distinct((COUNT, times), AGE).weights == AGE).all()


def test_rows_off_the_grid_of_the_first_few_are_kept_exactly():
    # Too few values are looked at to see the last one; the packing notices it.
    times = np.append(np.arange(100_000.0), 0.5)
    found = distinct((times,), for_rows=True)
    assert (found.spread(found.columns[0]) == times).all()


def test_a_range_too_wide_for_a_key_stands_for_itself():
    wide = np.array([0.0, 1.0, 1e18, 1.0])
    found = distinct((wide, wide, wide), for_rows=True)
    assert (found.spread(found.columns[0]) == wide).all()


def test_equal_rows_are_one():
    found = distinct((np.full(10, 3.0), np.full(10, 0.25)))
    assert [column.tolist() for column in found.columns] == [[3.0], [0.25]]
    assert found.weights.tolist() == [10.0]


def test_no_rows_are_none():
    found = distinct((np.empty(0), np.empty(0)), for_rows=True)
    assert len(found) == 0 and found.customers == 0
    assert len(found.spread(np.empty(0))) == 0


def test_without_the_way_back_rows_cannot_be_reached():
    with pytest.raises(ValueError, match="for_rows"):
        distinct((COUNT, AGE)).spread(np.zeros(3))


def test_a_sample_stands_for_all_customers():
    found = distinct((COUNT, AGE), RANDOM.random(5000))
    few = found.sample(100)
    assert len(few) <= 100
    assert few.customers == pytest.approx(found.customers)
    for mine, whole in zip(few.columns, found.columns, strict=True):
        mean = np.average(mine, weights=few.weights)
        assert mean == pytest.approx(np.average(whole, weights=found.weights), rel=0.1)
