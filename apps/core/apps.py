from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from apps.core import health, metrics
        from apps.core.gauges import jobs_by_state

        health.register_check("database", health.check_database)
        health.register_check("cache", health.check_cache, required=False)
        health.register_check("migrations", health.check_migrations)
        metrics.register_gauge("jobs", "Background jobs by kind and state", ["kind", "state"], jobs_by_state)
        metrics.install_collector()
