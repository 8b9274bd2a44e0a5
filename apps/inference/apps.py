from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "apps.inference"
    label = "inference"

    def ready(self) -> None:
        from apps.core import health
        from apps.inference.local_model.health import check_language_model
        from apps.inference.services import check_model

        health.register_check("model", check_model, required=False)
        health.register_check("language_model", check_language_model, required=False)
