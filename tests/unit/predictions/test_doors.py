"""The library's names open one by one, and cost nothing until then."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tenure
import tenure.predictions
from tenure.metrics.purchases import TUPLE
from tenure.predictions.purchases import histories

HEAVY = {"scipy", "lightgbm", "pyarrow", "duckdb", "ibis", "sqlalchemy"}


def loaded_by(program: str) -> set[str]:
    """Return the heavy packages that a program loads in a fresh Python."""
    told = f"{program}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize("room", [tenure, tenure.predictions], ids=lambda room: room.__name__)
def test_every_name_of_a_room_opens_and_no_other_does(room: object) -> None:
    assert all(getattr(room, name) is not None for name in room.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nobody'"):
        room.nobody  # noqa: B018 - the look-up is what is tested


def test_a_room_alone_loads_nothing_heavy() -> None:
    assert loaded_by("import tenure, tenure.predictions, tenure.kernel") == set()


def test_a_purchase_model_loads_no_engine() -> None:
    fitted = (
        "from tenure.predictions import BGNBD\n"
        "rows = {'repeat_order_day_count': [0, 1, 2, 5, 0, 3], 'age_days': [90.0] * 6,\n"
        "        'age_at_last_order_days': [0, 30, 60, 80, 0, 50]}\n"
        "BGNBD(penalty=0.1).fit(rows).predict(rows, 30)"
    )
    assert loaded_by("from tenure.predictions import BGNBD") == set()
    assert loaded_by(fitted) <= {"scipy"}


def test_the_columns_of_histories_are_those_that_the_metric_makes() -> None:
    assert histories.TUPLE == TUPLE
