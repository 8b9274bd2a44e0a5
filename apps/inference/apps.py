from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "apps.inference"
    label = "inference"

    def ready(self) -> None:
        from apps.core import health, metrics, warming
        from apps.core.cache.policy import CachePolicy
        from apps.core.cache.registry import register_policy
        from apps.core.home.tiles import register_decisions
        from apps.core.live import register_topic
        from apps.inference.breaker.states import gauge_breakers
        from apps.inference.health import check_providers
        from apps.inference.local_model.health import check_language_model
        from apps.inference.services import check_model

        health.register_check("model", check_model, required=False)
        health.register_check("language_model", check_language_model, required=False)
        health.register_check("providers", check_providers, required=False)
        metrics.register_gauge(
            "inference_breaker_state",
            "Breakers of providers: 0 closed, 1 half open, 2 open",
            ["provider"],
            gauge_breakers,
        )
        register_decisions("apps.inference.home.list_decisions")
        register_topic("inference", "inference.use_models")
        traces = CachePolicy(
            "inference.traces", version=1, local_size=500, local_ttl=60, shared_ttl=86_400, write_behind=True
        )
        register_policy(traces)
        for process in (warming.WEB, warming.GATEWAY):
            warming.register_step("apps.inference.caching.engine.load_where_wanted", of=process)
        watch_models()


def watch_models() -> None:
    """What of whose changes goes into the audit log. The order of an alias's models has an entry of its own."""
    from apps.core.audit import watch
    from apps.inference.models import Alias, Budget, CacheSetting, Provider, ServedModel

    watch(Provider, secret=["api_key"])
    for model in (ServedModel, Alias, Budget, CacheSetting):
        watch(model)
