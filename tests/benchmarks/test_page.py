import re

import pytest

from benchmarks.figures import find_figure, load_figures, save_figures
from benchmarks.goals import GOALS, Goal
from benchmarks.page import DOCS, PAGES, fill_template, make_page, page_path

pytestmark = pytest.mark.unit

KEPT = {"quality": {"command": "python -m x", "figures": {"cosqa": {"mrr_at_10": 0.56}, "rows": [{"a": 1, "b": "c"}]}}}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_figures_say(name):
    assert page_path(name).read_text("utf-8") == make_page(name, load_figures())


def test_every_template_is_made_into_a_page_and_every_goal_is_in_one():
    templates = {path.name.removesuffix(".in.md"): path.read_text("utf-8") for path in DOCS.glob("*.in.md")}

    assert set(templates) == set(PAGES)
    assert {goal.section for goal in GOALS} == set(re.findall(r"{{ table (.+?) }}", "".join(templates.values())))


def test_figures_are_put_where_the_template_says():
    page = fill_template("{{ quality.cosqa.mrr_at_10 | % }} and {{ quality.none }}\n{{ rows quality.rows }}", KEPT)

    assert page.splitlines() == ["56.0 % and –", "| a | b |", "|---|---|", "| 1 | c |"]


def test_a_table_has_a_line_for_each_goal():
    page = fill_template("{{ table Quality }}", KEPT)

    assert "| CoSQA, MRR@10 | at least 0.55 | 0.56 | met | `python -m x` |" in page
    assert page.count("not measured") == sum(goal.section == "Quality" for goal in GOALS) - 1


@pytest.mark.parametrize(
    ("goal", "value", "said"),
    [
        (Goal("", "", "", least=0.9, unit="%"), 0.9, "met"),
        (Goal("", "", "", least=0.9, unit="%"), 0.85, "missed by 5.0 %"),
        (Goal("", "", "", most=2.5, unit="ms"), 2.75, "missed by 0.25 ms"),
        (Goal("", "", "", most=0), 0, "met"),
        (Goal("", "", "", most=0), None, "not measured"),
        (Goal("", "", "", least=True), True, "met"),
        (Goal("", "", "", least=True), False, "missed"),
    ],
)
def test_a_goal_is_met_or_missed_by_so_much(goal, value, said):
    assert goal.judge(value) == said


def test_what_is_to_be_true_is_said_so():
    assert Goal("", "", "", least=True).wanted == "yes"


@pytest.mark.parametrize(("path", "found"), [("0.a", 1), ("-1.b", "c"), ("1.a", None), ("0.a.b", None)])
def test_a_figure_may_be_in_a_list(path, found):
    assert find_figure(KEPT, f"quality.rows.{path}") == found


def test_figures_are_kept_with_their_command(tmp_path):
    save_figures("speed", "python -m y", {"p50": 1.5}, folder=tmp_path)
    kept = load_figures(tmp_path)

    assert kept["speed"]["command"] == "python -m y"
    assert find_figure(kept, "speed.p50") == 1.5
    assert find_figure(kept, "speed.p50.deeper") is None
