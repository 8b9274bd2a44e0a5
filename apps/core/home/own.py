"""The tiles of this app, most of which other apps fill."""

from apps.core.home.items import Tile
from apps.core.home.tiles import register_decisions, register_tile

BUILDING = "apps.core.home.building"
OWN = (
    Tile(
        name="start",
        title="First steps",
        template="core/home/_steps.html",
        build=f"{BUILDING}.show_steps",
        place=1,
        topics=("function", "run", "case"),
    ),
    Tile(
        name="decisions",
        title="Needs a decision",
        template="core/home/_decisions.html",
        build=f"{BUILDING}.show_decisions",
        place=2,
        topics=("report", "case", "job", "member"),
    ),
    Tile(
        name="news",
        title="Since you were here",
        template="core/home/_news.html",
        build=f"{BUILDING}.show_news",
        place=4,
        topics=("function", "report", "job", "case", "member"),
    ),
    Tile(
        name="jobs",
        title="At work",
        template="core/home/_jobs.html",
        build=f"{BUILDING}.show_jobs",
        place=5,
        permission="core.view_job",
        topics=("job",),
        every=1000,
    ),
    Tile(
        name="health",
        title="Health",
        template="core/home/_health.html",
        build=f"{BUILDING}.show_health",
        place=6,
        is_slow=True,
    ),
)


def register_own_tiles() -> None:
    for tile in OWN:
        register_tile(tile)
    register_decisions(f"{BUILDING}.list_failed_jobs")
