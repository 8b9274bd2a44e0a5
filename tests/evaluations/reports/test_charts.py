import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.evaluations.reports.charts import (
    COLOURS,
    HEIGHT,
    MOST_WHISKERS,
    WIDTH,
    TrendPoint,
    interval_bar,
    reliability_chart,
    trend_chart,
)
from tests.evaluations.reports.hostile import TEXTS

pytestmark = pytest.mark.unit

BINS = [{"confidence": 0.3, "accuracy": 0.35, "cases": 40}, {"confidence": 0.9, "accuracy": 0.8, "cases": 160}]
SHARES = st.floats(0, 1)
POINTS = st.builds(
    TrendPoint,
    label=TEXTS,
    value=st.none() | SHARES,
    low=st.none() | SHARES,
    high=st.none() | SHARES,
    verdict=st.sampled_from([*COLOURS, ""]),
    url=TEXTS,
)


def make_points(number, **changes):
    return [
        TrendPoint(**{"label": f"#{one}", "value": 0.9, "low": 0.88, "high": 0.91} | changes) for one in range(number)
    ]


def parse(svg):
    assert "style=" not in svg
    return ElementTree.fromstring(svg)


def texts(root):
    return [element.text for element in root.iter("text")]


def test_a_trend_has_a_point_a_run_with_its_verdict_and_words():
    points = [
        TrendPoint("#1", 0.912, 0.905, 0.919, "first", "/runs/1/"),
        TrendPoint("#2", 0.861, 0.853, 0.868, "worse", "/runs/2/"),
    ]
    root = parse(trend_chart(points, title="Accuracy over runs"))

    first, second = root.findall("a")
    assert (first.get("href"), second.get("href")) == ("/runs/1/", "/runs/2/")
    assert second.get("aria-label") == "#2, 86.10 % (85.3 % to 86.8 %), worse"
    assert second.find("circle").get("fill") == COLOURS["worse"]
    assert second.find("circle/title").text == second.get("aria-label")
    assert float(second.find("circle").get("cy")) > float(first.find("circle").get("cy"))
    assert root.find("title").text == "Accuracy over runs"
    assert root.find("desc").text.startswith("#2, 86.10 %")
    assert texts(root)[-2:] == ["#1", "#2"]


def test_it_is_as_wide_as_its_place():
    root = parse(trend_chart(make_points(3), title="t"))

    assert (root.get("viewBox"), root.get("width"), root.get("height")) == (f"0 0 {WIDTH} {HEIGHT}", "100%", None)


@pytest.mark.parametrize(("url", "role"), [("", "img"), ("/runs/1/", "group")])
def test_it_is_an_image_unless_there_are_links_to_reach(url, role):
    assert parse(trend_chart(make_points(2, url=url), title="t")).get("role") == role


def test_a_failed_run_is_a_cross_that_the_line_leaves_out():
    points = [*make_points(2), TrendPoint("#9", None, verdict="failed"), *make_points(1)]
    root = parse(trend_chart(points, title="t"))

    assert len(root.findall("circle")) == 3
    assert len(root.find("polyline").get("points").split()) == 3
    [cross] = [path for path in root.findall("path") if "chart-failed" in path.get("class")]
    assert cross.find("title").text == "#9, no figures, failed"


def test_without_runs_it_says_so():
    root = parse(trend_chart([], title="t"))

    assert "No runs yet" in texts(root)
    assert root.find("desc").text == "No runs yet."


@pytest.mark.parametrize(("runs", "whiskers"), [(MOST_WHISKERS, 1), (MOST_WHISKERS + 1, 0)])
def test_many_runs_have_a_band_without_whiskers(runs, whiskers):
    root = parse(trend_chart(make_points(runs), title="t"))

    assert len(root.findall("polygon")) == 1
    assert len([path for path in root.iter("path") if path.get("class") == "chart-whisker"]) == whiskers


@pytest.mark.parametrize("runs", [2, 9, 40, 500])
def test_labels_do_not_touch_and_the_newest_has_one(runs):
    points = [TrendPoint(f"2026-03-02 #{number}", 0.9) for number in range(runs)]
    labels = [text for text in parse(trend_chart(points, title="t")).iter("text") if "%" not in text.text]
    places = [float(label.get("x")) for label in labels]

    assert points[-1].label[:10] in labels[-1].text
    assert min(after - before for before, after in pairwise(places)) >= 6.5 * 14


@settings(max_examples=40, deadline=None)
@given(points=st.lists(POINTS, max_size=12), title=TEXTS)
def test_whatever_the_points_all_is_on_the_page(points, title):
    root = parse(trend_chart(points, title=title))

    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx")) <= WIDTH
        assert 0 <= float(circle.get("cy")) <= HEIGHT
    assert len(list(root.iter("circle"))) == sum(point.value is not None for point in points)
    assert {element.tag for element in root.iter()} <= {
        "svg", "title", "desc", "path", "text", "polygon", "polyline", "circle", "a"
    }  # fmt: skip


def test_a_reliability_diagram_has_a_dot_a_bin_and_its_error_in_words():
    root = parse(reliability_chart(BINS, 0.0731))

    assert root.find("title").text == "Calibration: off by 7.3 % on average"
    assert root.find("desc").text == "30 % sure, 35 % right (40 cases); 90 % sure, 80 % right (160 cases)"
    assert root.get("role") == "img"
    small, large = root.findall("circle")
    assert float(small.get("r")) < float(large.get("r"))
    assert float(small.get("cy")) > float(large.get("cy"))


def test_a_diagram_of_no_bins_is_empty():
    root = parse(reliability_chart([], None))

    assert root.find("title").text == "Calibration"
    assert root.find("desc").text == "No cases."
    assert root.findall("circle") == []


def test_an_interval_bar_has_its_scale_and_margin():
    root = parse(interval_bar(0.01, -0.01, 0.03, reach=0.05, margin=0.02, tone=""))

    [dot], [band] = root.findall("circle"), root.findall("rect")
    assert float(dot.get("cx")) == pytest.approx(60 + 56 / 5, abs=0.1)
    assert (float(band.get("x")), float(band.get("width"))) == pytest.approx((60 - 22.4, 44.8), abs=0.1)
    assert re.match(r"M48\.8 8H93\.6", root.findall("path")[1].get("d"))
    assert root.get("aria-hidden") == "true"
