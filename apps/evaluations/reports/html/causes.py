"""Why cases fail, and what to do about it."""

from apps.evaluations.reports.contents import CauseRow, Cluster, Contents
from apps.evaluations.reports.html.parts import note, quote, show_list, show_section
from apps.evaluations.reports.markup import Html, join, shape, tag
from apps.evaluations.reports.words import clip_text, count, show_percent

MOST_CLUSTERS, MOST_EXAMPLES = 5, 3
DETAIL, EXAMPLE, ADVICE = 200, 80, 400
INTRO = "All failures of this run, not only the new ones, put together by what is at fault."


def show_causes(contents: Contents) -> Html | None:
    if not contents.causes:
        return None
    failures = sum(cause.cases for cause in contents.causes)
    most = max(cause.cases for cause in contents.causes)
    causes = show_list((show_cause(cause, failures, most) for cause in contents.causes), kind="causes")
    return show_section("causes", "Why cases fail", INTRO, causes)


def show_cause(cause: CauseRow, failures: int, most: int) -> Html:
    share = f", {show_percent(cause.cases / failures, 0)} of failures" if failures else ""
    more = len(cause.clusters) - MOST_CLUSTERS
    return join(
        [
            tag("h3", clip_text(cause.title, DETAIL), tag("span", f"{count(cause.cases, 'case')}{share}")),
            draw_share(cause.cases / most if most else 0.0),
            tag("p", clip_text(cause.advice, ADVICE)),
            show_list(map(show_cluster, cause.clusters[:MOST_CLUSTERS]), kind="clusters"),
            note(f"and {count(more, 'smaller cluster')}") if more > 0 else None,
        ]
    )


def show_cluster(cluster: Cluster) -> Html:
    examples = [example for example in dict.fromkeys(cluster.examples) if example][:MOST_EXAMPLES]
    quoted = [part for example in examples for part in (" · ", quote(example, EXAMPLE))][1:]
    text = clip_text(cluster.detail or cluster.name, DETAIL)
    return join([tag("b", f"{cluster.cases:,}"), tag("div", text, note("For example: ", *quoted) if quoted else None)])


def draw_share(share: float) -> Html:
    bar = shape("rect", width=f"{share * 100:.1f}%", height=6, rx=3, fill="currentColor", opacity=0.45)
    return shape("svg", bar, aria_hidden="true")
