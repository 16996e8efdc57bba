"""Holdouts: the right share, the same customers for a season, others in the next."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.engine.duck import DuckDBEngine
from tenure.experiments import HELD_OUT, REACHABLE, Holdout, assign, held_out_by, season_of
from tenure.kernel import DefinitionError, OptionError

IDS = [f"c{number}" for number in range(20_000)]
UNIVERSAL = Holdout("universal", "", 0.05, "2026-01")
WELCOME = Holdout("strategy", "welcome", 0.2)


@pytest.mark.parametrize("holdout", [UNIVERSAL, WELCOME, Holdout("journey", "welcome", 0.0001)])
def test_the_share_held_out_is_the_one_asked_for(holdout: Holdout) -> None:
    held = holdout.holds(IDS)
    spread = 4.5 * np.sqrt(len(IDS) * holdout.share * (1 - holdout.share)) + 1
    assert abs(held.sum() - len(IDS) * holdout.share) < spread


def test_a_larger_share_holds_out_the_same_customers_and_more() -> None:
    small = UNIVERSAL.holds(IDS)
    large = Holdout("universal", "", 0.1, "2026-01").holds(IDS)
    assert large[small].all()
    assert large.sum() > small.sum()


def test_seasons_and_scopes_draw_independently() -> None:
    one = UNIVERSAL.holds(IDS)
    for other in (
        Holdout("universal", "", 0.05, "2027-01"),
        Holdout("strategy", "welcome", 0.05),
        Holdout("journey", "welcome", 0.05),
    ):
        both = (one & other.holds(IDS)).sum()
        assert abs(both - len(IDS) * 0.05**2) < 4.5 * np.sqrt(len(IDS) * 0.05**2)


def test_nobody_held_out_cannot_be_measured() -> None:
    none = Holdout("strategy", "welcome", 0.0)
    assert not none.holds(IDS).any()
    with pytest.raises(DefinitionError, match="of nobody"):
        none.design("net_revenue")


def test_the_reason_is_the_most_general_holdout() -> None:
    found = held_out_by(IDS, [UNIVERSAL, WELCOME])
    universal, welcome = UNIVERSAL.holds(IDS), WELCOME.holds(IDS)
    assert (found[universal] == 0).all()
    assert (found[welcome & ~universal] == 1).all()
    assert (found[~welcome & ~universal] == -1).all()


def test_as_an_experiment_the_held_out_are_the_control() -> None:
    design = UNIVERSAL.design("net_revenue")
    assert design.arm_names == (HELD_OUT, REACHABLE)
    assert design.name == "universal_holdout_2026_01"
    assert ((assign(IDS, design) == 0) == UNIVERSAL.holds(IDS)).all()


@pytest.mark.parametrize("holdout", [UNIVERSAL, WELCOME, Holdout("strategy", "welcome", 0.0)])
def test_the_engine_holds_out_the_same(holdout: Holdout) -> None:
    engine = DuckDBEngine()
    units = engine.attach_arrow("units", pa.table({"unit": IDS}))
    held = engine.collect(units.filter(holdout.expression(units.unit)))["unit"].to_pylist()
    assert set(held) == {
        unit for unit, is_held in zip(IDS, holdout.holds(IDS), strict=True) if is_held
    }


@pytest.mark.parametrize(
    ("scope", "name", "share"),
    [
        ("universal", "welcome", 0.1),
        ("strategy", "", 0.1),
        ("strategy", "Welcome", 0.1),
        ("strategy", "welcome", 0.6),
        ("strategy", "welcome", -0.1),
        ("strategy", "welcome", 0.12345),
    ],
)
def test_a_holdout_that_makes_no_sense_is_refused(scope: str, name: str, share: float) -> None:
    with pytest.raises(DefinitionError):
        Holdout(scope, name, share)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "months", "first", "season"),
    [
        (date(2026, 1, 1), 12, 1, "2026-01"),
        (date(2026, 12, 31), 12, 1, "2026-01"),
        (date(2026, 3, 31), 12, 4, "2025-04"),
        (date(2026, 4, 1), 12, 4, "2026-04"),
        (date(2026, 7, 1), 6, 1, "2026-07"),
        (date(2026, 1, 15), 3, 2, "2025-11"),
        (date(2026, 5, 31), 1, 1, "2026-05"),
    ],
)
def test_a_day_is_in_the_season_that_began_last(
    day: date, months: int, first: int, season: str
) -> None:
    assert season_of(day, months=months, first_month=first) == season


@pytest.mark.parametrize(("months", "first"), [(5, 1), (12, 0), (12, 13)])
def test_seasons_that_do_not_fill_a_year_are_refused(months: int, first: int) -> None:
    with pytest.raises(OptionError):
        season_of(date(2026, 1, 1), months=months, first_month=first)
