from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "apps.evaluations"
    label = "evaluations"

    def ready(self) -> None:
        watch_models()
        register_work()
        register_pages()
        register_figures()


def watch_models() -> None:
    """What of whose changes goes into the audit log."""
    from apps.core.audit import watch
    from apps.evaluations.models import Case, Report, Schedule, Suite

    watch(Suite, without=["version"])
    watch(Case, without=["version"])
    # A webhook's address often is its own password.
    watch(Schedule, secret=["webhook_url"])
    # Sweeps make reports; people acknowledge them.
    watch(Report, without=["run", "verdict", "data"])


def register_work() -> None:
    """Jobs, and what follows those of others."""
    from apps.core import first_start
    from apps.core.jobs.registry import register_follower, register_job

    register_job("evaluations.chunk", "apps.evaluations.services.chunks.run_chunk")
    register_job("evaluations.finish", "apps.evaluations.services.finishing.run_finish")
    register_job("evaluations.generate", "apps.evaluations.services.generating.run_generation")
    register_job("evaluations.fill_demo", "apps.evaluations.services.demo.fill_demo")
    register_job("evaluations.deliver", "apps.evaluations.services.notifying.run_delivery")
    for kind in ("functions.build_index", "functions.embed"):
        register_follower(kind, "apps.evaluations.services.demo.fill_when_ready")
    first_start.register_demo("apps.evaluations.services.demo.prepare_demo")


def register_pages() -> None:
    """What the home page shows, and what pages hear of while they are open."""
    from apps.core.home import tiles
    from apps.core.home.items import Tile
    from apps.core.live import register_topic

    register_topic("run", "evaluations.view_run")
    register_topic("report", "evaluations.view_report")
    register_topic("case", "evaluations.view_case")
    tiles.register_tile(
        Tile(
            name="sweep",
            title="Last sweep",
            template="evaluations/_home_sweep.html",
            build="apps.evaluations.home.show_sweep",
            place=3,
            permission="evaluations.view_report",
            topics=("run", "report"),
            every=1000,
        )
    )
    tiles.register_decisions("apps.evaluations.home.list_decisions")
    tiles.register_news("apps.evaluations.home.list_news")
    tiles.register_steps("apps.evaluations.home.list_steps")


def register_figures() -> None:
    """What says how schedules and sweeps are, to machines."""
    from apps.core import health, metrics
    from apps.evaluations.gauges import schedules_overdue, sweeps_by_state
    from apps.evaluations.health import check_schedules

    health.register_check("schedules", check_schedules, required=False)
    metrics.register_gauge("sweeps", "Sweeps by state", ["state"], sweeps_by_state)
    metrics.register_gauge(
        "schedules_overdue", "Scheduled sweeps that were due and did not start", [], schedules_overdue
    )
