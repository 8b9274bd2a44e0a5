from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "apps.evaluations"
    label = "evaluations"

    def ready(self) -> None:
        from apps.core.jobs.registry import register_job

        register_job("evaluations.chunk", "apps.evaluations.services.chunks.run_chunk")
        register_job("evaluations.finish", "apps.evaluations.services.finishing.run_finish")
