"""Telco (IBM sample, 7,043 customers): churn by label, to the last digit.

Source: the file's true-figures page: rate, rates by contract, internet service, payment method
and age group, and the share of monthly charges that the churned customers held.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import csv

from tenure.metrics import churn_by_label

BY = {
    "Contract": {
        "Month-to-month": (3875, 1655, 0.427097),
        "One year": (1473, 166, 0.112695),
        "Two year": (1695, 48, 0.028319),
    },
    "InternetService": {
        "DSL": (2421, 459, 0.189591),
        "Fiber optic": (3096, 1297, 0.418928),
        "No": (1526, 113, 0.07405),
    },
    "PaymentMethod": {
        "Bank transfer (automatic)": (1544, 258, 0.167098),
        "Credit card (automatic)": (1522, 232, 0.152431),
        "Electronic check": (2365, 1071, 0.452854),
        "Mailed check": (1612, 308, 0.191067),
    },
    "SeniorCitizen": {"0": (5901, 1393, 0.236062), "1": (1142, 476, 0.416813)},
}


@pytest.fixture(scope="module")
def telco(shared_data: Path) -> Path:
    return shared_data / "Telco-Customer-Churn.csv"


def test_churn_rate_and_churn_of_monthly_charges(telco: Path):
    (row,) = churn_by_label(telco, churned="Churn", value="MonthlyCharges").rows()
    assert (row["customers"], row["churned"], row["unknown"]) == (7043, 1869, 0)
    assert round(row["churn_rate"], 6) == 0.265370
    assert (row["value"], row["churned_value"]) == (Decimal("456116.60"), Decimal("139130.85"))
    # 0.30503351...: the page cuts after six digits, it does not round
    assert int(row["value_churn_rate"] * 1_000_000) == 305_033


@pytest.mark.parametrize("column", BY)
def test_churn_by(telco: Path, column: str):
    result = churn_by_label(telco, churned="Churn", by=column)
    found = {
        row["group"]: (row["customers"], row["churned"], round(row["churn_rate"], 6))
        for row in result.rows()
        if not row["total"]
    }
    assert found == BY[column]


def test_each_group_can_be_drilled_down_to_its_customers(telco: Path):
    result = churn_by_label(csv.read_csv(telco), churned="Churn", by="Contract")
    for row in result.rows():
        for measure in ("customers", "churned"):
            members = result.drill(total=row["total"], group=row["group"], measure=measure)
            assert members.num_rows == row[measure]


def test_total_charges_of_the_known_customers_add_up(telco: Path):
    (row,) = churn_by_label(telco, churned="Churn", value="TotalCharges").rows()
    assert row["value"] == Decimal("16056168.70")
