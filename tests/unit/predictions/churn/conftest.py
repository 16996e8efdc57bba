"""One early warning, trained once for all tests that only read it."""

from __future__ import annotations

import pytest

from tenure.predictions.churn.predictor import ChurnPredictor, train_churn
from tenure.predictions.panels import Panel
from tests.unit.predictions.churn.made_panels import EVERYONE, NEXT, made_panel, made_panels


@pytest.fixture(scope="session")
def predictor() -> ChurnPredictor:
    return train_churn(made_panels(), EVERYONE)


@pytest.fixture(scope="session")
def unseen() -> Panel:
    return made_panel(NEXT, 3000, seed=1)
