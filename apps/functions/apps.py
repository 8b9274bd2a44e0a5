from datetime import timedelta

from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    name = "apps.functions"
    label = "functions"

    def ready(self) -> None:
        watch_models()
        register_caches()
        register_work()
        register_pages()
        register_figures()


def watch_models() -> None:
    """What of whose changes goes into the audit log."""
    from apps.core.audit import watch
    from apps.functions.models import Function, Library, SynonymGroup

    watch(Library)
    watch(Function, without=["revision", "change_xid", "source_digest"])
    watch(SynonymGroup, without=["changed_by"])


def register_caches() -> None:
    from apps.core.cache.policy import CachePolicy
    from apps.core.cache.registry import register_policy

    # An answer costs about as much as a trip to Valkey: kept in the process only.
    register_policy(CachePolicy("functions.answers", version=1, local_size=2000, local_ttl=300))
    register_policy(CachePolicy("functions.queries", version=1, local_size=4000, local_ttl=3600))
    traces = CachePolicy(
        "functions.traces", version=1, local_size=500, local_ttl=60, shared_ttl=86_400, write_behind=True
    )
    register_policy(traces)
    # 2 KB each, and Valkey drops what was not used for longest. Made anew every week: they carry latencies too.
    week = timedelta(days=7).total_seconds()
    kept = CachePolicy(
        "functions.measured_vectors", version=1, local_size=2000, local_ttl=3600, shared_ttl=week, write_behind=True
    )
    register_policy(kept)


def register_work() -> None:
    """Jobs, what is measured, and what a process does behind its start."""
    from apps.core import first_start, warming
    from apps.core.jobs.registry import register_job
    from apps.core.targets.registry import register_target

    register_target("functions.search", "apps.functions.evaluation.target.SearchTarget")
    register_job("functions.import", "apps.functions.services.importing.run_import")
    register_job("functions.embed", "apps.functions.services.embedding.run_embedding")
    register_job("functions.build_index", "apps.functions.services.indexing.run_build")
    warming.register_step("apps.functions.services.warming.warm_search")
    first_start.register_demo("apps.functions.services.demo.start_demo_import")


def register_pages() -> None:
    """What the home page and the palette show, and what pages hear of while they are open."""
    from apps.core.home import tiles
    from apps.core.live import register_topic
    from apps.core.palette.offering import register_lookup

    register_topic("function", "functions.view_function")
    register_topic("index", "functions.view_function")
    tiles.register_news("apps.functions.home.list_news")
    tiles.register_steps("apps.functions.home.list_steps")
    register_lookup("Functions", "apps.functions.palette.look_up_functions")


def register_figures() -> None:
    """What says how index and catalogue are, to machines."""
    from apps.core import health, metrics
    from apps.functions.gauges import functions_by_state
    from apps.functions.health import check_index

    health.register_check("index", check_index, required=False)
    metrics.register_gauge(
        "functions", "Functions of the catalogue by state and language", ["state", "language"], functions_by_state
    )
