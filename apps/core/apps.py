from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

        from apps.core import health, metrics
        from apps.core.alive import make_check
        from apps.core.audit import watch
        from apps.core.gauges import jobs_by_state
        from apps.core.home import own as home
        from apps.core.live import register_topic

        health.register_check("database", health.check_database)
        health.register_check("cache", health.check_cache, required=False)
        health.register_check("migrations", health.check_migrations)
        for part in ("worker", "beat", "gateway"):
            health.register_check(part, make_check(part), required=False)
        metrics.register_gauge("jobs", "Background jobs by kind and state", ["kind", "state"], jobs_by_state)
        metrics.install_collector()
        register_topic("job", "core.view_job")
        register_topic("session")  # which the gateway looks at again
        watch(PeriodicTask, without=["last_run_at", "total_run_count", "date_changed"])
        watch(CrontabSchedule)
        watch(IntervalSchedule)
        home.register_own_tiles()
