import pytest

from apps.functions.evaluation.changes import explain_change

pytestmark = pytest.mark.unit

A, B, C = ({"id": f"lib/{name}", "title": name} for name in ("sort_list", "arrange_flowers", "order_rows"))


def step(tier="local_model", outcome="answered", confidence=0.5, reason=""):
    return {"tier": tier, "outcome": outcome, "confidence": confidence, "reason": reason, "ms": 1.0, "cost": 0.0}


def trace(*steps, language=None, **terms):
    return {"steps": list(steps), "terms": terms, "language": language}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (trace(), trace(), ""),
        ({}, {}, ""),
        (trace(arrange=["sort", "order"]), trace(), "Lost the synonyms sort, order of arrange."),
        (trace(), trace(arrange=["sort"]), "Gained the synonym sort of arrange."),
        (
            trace(arrange=["sort", "order"], erase=["delete"]),
            trace(arrange=["sort"], pick=["select"]),
            "Lost the synonym order of arrange and the synonym delete of erase; gained the synonym select of pick.",
        ),
        (
            trace(a=["x"], b=["x"], c=["x"], d=["x"], e=["x"]),
            trace(),
            "Lost the synonym x of a, the synonym x of b, the synonym x of c and those of 2 more words.",
        ),
        (
            trace(a=["x"], b=["x"], c=["x"], d=["x"]),
            trace(),
            "Lost the synonym x of a, the synonym x of b, the synonym x of c and those of 1 more word.",
        ),
        (trace(language="go"), trace(), "The language filter go is gone."),
        (trace(), trace(language="go"), "A language filter came in: go."),
        (trace(language="go"), trace(language="r"), "The language filter changed from go to r."),
        (
            trace(step("rules", "abstained", None), step()),
            trace(step("rules", confidence=0.9)),
            "It came from rules instead of local_model.",
        ),
        (
            trace(step(confidence=0.31)),
            trace(step(outcome="unsure", confidence=0.22)),
            "The confidence fell below the threshold, from 0.31 to 0.22.",
        ),
        (
            trace(step(outcome="unsure", confidence=0.22)),
            trace(step(confidence=0.31)),
            "The confidence rose above the threshold, from 0.22 to 0.31.",
        ),
        (
            trace(step()),
            trace(step(outcome="failed", confidence=None, reason="no model"), step("lexical")),
            "The tier local_model failed (no model); it came from lexical instead of local_model.",
        ),
    ],
)
def test_what_changed_on_the_way(before, after, sentence):
    assert explain_change(before, after, [A], [A]) == sentence


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ([], [], ""),
        ([A, B], [A, C], ""),
        ([A, B], [B, A], "The first answer is arrange_flowers (place 2 before) instead of sort_list (place 2 now)."),
        (
            [A, C],
            [B, C],
            "The first answer is arrange_flowers (not found before) instead of sort_list (not found now).",
        ),
        ([A], [], "Nothing is found any more, where sort_list was first."),
        ([], [A], "The first answer is sort_list, where nothing was found."),
        (
            [A],
            [{"id": "other/sort_list", "title": "sort_list"}, A],
            "The first answer is other/sort_list (not found before) instead of lib/sort_list (place 2 now).",
        ),
        ([{"id": "lib/x"}], [], "Nothing is found any more, where lib/x was first."),
    ],
)
def test_which_places_changed(before, after, sentence):
    assert explain_change({}, {}, before, after) == sentence


def test_all_in_one_sentence_most_telling_first():
    before, after = trace(step(confidence=0.4), arrange=["sort"]), trace(step(outcome="unsure", confidence=0.1))
    assert explain_change(before, after, [A, B], [B, A]) == (
        "Lost the synonym sort of arrange; the confidence fell below the threshold, from 0.40 to 0.10; the first "
        "answer is arrange_flowers (place 2 before) instead of sort_list (place 2 now)."
    )
