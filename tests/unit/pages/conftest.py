import pytest

from tenure.pages import build_report, collect
from tests.sample_report import report_inputs, scorecards


@pytest.fixture(scope="session")
def inputs():
    return report_inputs(cards=scorecards())


@pytest.fixture(scope="session")
def figures(inputs):
    return collect(inputs)


@pytest.fixture(scope="session")
def report(inputs, tmp_path_factory):
    return build_report(inputs, tmp_path_factory.mktemp("report"), ("en", "zh"))
