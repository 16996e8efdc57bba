"""Panels are the same on both engines: the same customers in a sample, the same figures."""

from __future__ import annotations

from datetime import date

import pytest

from tenure.kernel import Calendar
from tenure.predictions.panels import panel
from tests.contract.cases import ZONE
from tests.contract.comparing import differences
from tests.contract.conftest import Pair

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves a socket to the garbage collector each time it hands over rows.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

OPTIONS = {"as_of": date(2024, 8, 1), "horizon_days": 60, "calendar": Calendar(ZONE)}


@pytest.mark.parametrize("sample", [None, 12])
def test_both_engines_show_the_same_customers_and_what_they_then_did(
    facts: Pair, sample: int | None
) -> None:
    one, other = (
        panel(given, sample=sample, change_days=60, **OPTIONS)  # type: ignore[arg-type]
        for given in (facts.duckdb, facts.spark)
    )
    assert list(differences(one, other)) == []
    assert one.outcome is not None
    assert one.features.num_rows == (sample or one.features.num_rows) > 10
    assert sum(one.outcome["order_count"].to_pylist()) > 0 or sample
