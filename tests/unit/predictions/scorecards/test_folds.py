from datetime import date

from tenure.predictions.scorecards.findings import Weight
from tenure.predictions.scorecards.folds import customers_apart, dates_apart


def day(month):
    return date(2024, month, 1)


def test_folds_without_a_common_customer_pass():
    assert customers_apart({"1": ["a", "b"], "2": ["c"], "3": []}).findings == ()


def test_a_customer_in_two_folds_is_named():
    found = customers_apart({"1": ["a", "b", "c"], "2": ["c", "d"], "3": ["e"]})
    assert [one.code for one in found.findings] == ["customer_in_two_folds"]
    assert "Of 3 customers in 1, 1 stand in 2 too, e.g. c" in found.findings[0].evidence["en"]
    assert "如 c" in found.findings[0].evidence["zh"]
    assert not found.passed and found.findings[0].weight is Weight.PROOF


def test_a_customer_twice_in_one_fold_is_named():
    found = customers_apart({"1": [7, 7, 8], "2": [9]})
    assert [one.code for one in found.findings] == ["customer_twice_in_a_fold"]


def test_training_windows_that_had_closed_pass():
    training = [(day(1), day(4)), (day(4), day(7))]
    assert dates_apart(training, [(day(7), day(10))]).findings == ()


def test_a_training_window_that_was_still_open_is_a_proof():
    training = [(day(1), day(4)), (day(5), day(8))]
    found = dates_apart(training, [(day(7), day(10))])
    assert [one.code for one in found.findings] == ["training_sees_the_test"]
    assert "2024-05-01 to 2024-08-01" in found.findings[0].evidence["en"]
    assert not found.passed


def test_days_for_late_data_count_as_part_of_the_window():
    training, test = [(day(1), day(4))], [(day(4), day(7))]
    assert dates_apart(training, test).passed
    found = dates_apart(training, test, gap_days=3)
    assert "3 days for late data" in found.findings[0].evidence["en"]


def test_test_windows_that_overlap_are_only_noted():
    found = dates_apart([], [(day(1), day(5)), (day(4), day(8))])
    assert [one.code for one in found.findings] == ["test_windows_overlap"]
    assert found.passed
