import pytest

from benchmarks.figures import find_figure, load_figures, save_figures
from benchmarks.goals import GOALS, Goal
from benchmarks.page import PAGE, TEMPLATE, render_page

pytestmark = pytest.mark.unit

KEPT = {"quality": {"command": "python -m x", "figures": {"cosqa": {"mrr_at_10": 0.56}, "rows": [{"a": 1, "b": "c"}]}}}


def test_the_page_says_what_the_figures_say():
    assert PAGE.read_text("utf-8") == render_page(TEMPLATE.read_text("utf-8"), load_figures())


def test_figures_are_put_where_the_template_says():
    page = render_page("{{ quality.cosqa.mrr_at_10 | % }} and {{ quality.none }}\n{{ rows quality.rows }}", KEPT)

    assert page.splitlines()[1:] == ["56.0 % and –", "| a | b |", "|---|---|", "| 1 | c |"]


def test_a_table_has_a_line_for_each_goal():
    page = render_page("{{ table Quality }}", KEPT)

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
    ],
)
def test_a_goal_is_met_or_missed_by_so_much(goal, value, said):
    assert goal.judge(value) == said


def test_figures_are_kept_with_their_command(tmp_path):
    save_figures("speed", "python -m y", {"p50": 1.5}, folder=tmp_path)
    kept = load_figures(tmp_path)

    assert kept["speed"]["command"] == "python -m y"
    assert find_figure(kept, "speed.p50") == 1.5
    assert find_figure(kept, "speed.p50.deeper") is None
