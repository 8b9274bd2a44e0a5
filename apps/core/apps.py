from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

        from apps.core import health, metrics
        from apps.core.audit import watch
        from apps.core.gauges import jobs_by_state

        health.register_check("database", health.check_database)
        health.register_check("cache", health.check_cache, required=False)
        health.register_check("migrations", health.check_migrations)
        metrics.register_gauge("jobs", "Background jobs by kind and state", ["kind", "state"], jobs_by_state)
        metrics.install_collector()
        watch(PeriodicTask, without=["last_run_at", "total_run_count", "date_changed"])
        watch(CrontabSchedule)
        watch(IntervalSchedule)
