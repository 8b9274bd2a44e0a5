from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "apps.inference"
    label = "inference"

    def ready(self) -> None:
        from apps.core import health
        from apps.inference.services import check_model

        health.register_check("model", check_model, required=False)
