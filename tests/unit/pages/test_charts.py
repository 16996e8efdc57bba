import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenure.pages
from tenure.pages.charts import Line, line_chart, nice_ticks, stacked_bars, step_curve

CSS = (Path(tenure.pages.__file__).parent / "templates" / "report.css").read_text("utf-8")


@given(
    st.floats(-1e9, 1e9, allow_nan=False), st.floats(0, 1e9, allow_nan=False), st.integers(2, 10)
)
def test_ticks_enclose_the_values_in_equal_steps(low, span, count):
    ticks = nice_ticks(low, low + span, count)
    slack = max(abs(low), span, 1) * 1e-6
    assert ticks[0] <= low + slack and ticks[-1] >= low + span - slack
    assert 2 <= len(ticks) <= 2 * count + 2


def test_a_line_breaks_where_a_value_is_not_known():
    chart = line_chart(["a", "b", "c", "d"], [Line("k", [1, None, 3, 4])], str, str)
    assert chart.series[0].path.count("M") == 2
    assert chart.series[0].end.text == "4"
    assert len(chart.series[0].dots) == 3


def test_bars_stack_upwards_and_hang_below_zero_in_proportion():
    chart = stacked_bars(["a"], [("x", [10.0]), ("y", [20.0])], [("z", [30.0])], str)
    heights = {bar.key: bar.height for bar in chart.bars}
    assert heights["y"] == pytest.approx(2 * heights["x"], abs=0.02)
    assert heights["z"] == pytest.approx(heights["x"] + heights["y"], abs=0.02)
    below = next(bar for bar in chart.bars if bar.key == "z")
    assert below.y == chart.zero


def test_a_step_curve_holds_its_height_until_the_next_step():
    points = [(10.0, 0.5, 0.4, 0.6), (20.0, 1.0, 0.9, 1.0)]
    chart = step_curve("k", points, [], str, str)
    assert chart.series[0].path == "M0 100H50.0V50.0H100.0V0.0H100"
    assert chart.bands[0] == "M50.0 40.0H100.0V0.0V60.0H50.0Z"


def test_many_labels_are_thinned_and_the_newest_stays():
    labels = [str(i) for i in range(40)]
    chart = line_chart(labels, [Line("k", list(range(40)))], str, str)
    assert len(chart.x_ticks) <= 12 and chart.x_ticks[-1].text == "39"
    assert chart.x_ticks[-1].on_phone


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("step", range(8))
def test_numbers_on_the_heat_map_have_aa_contrast(step):
    rule = re.search(rf"\.h{step} {{ background: (#\w{{6}});( color: #fff;)? }}", CSS)
    back, front = luminance(rule.group(1)), 1.0 if rule.group(2) else luminance("#16202a")
    assert (max(back, front) + 0.05) / (min(back, front) + 0.05) >= 4.5
