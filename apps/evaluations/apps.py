from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "apps.evaluations"
    label = "evaluations"

    def ready(self) -> None:
        from apps.core import first_start
        from apps.core.jobs.registry import register_follower, register_job

        register_job("evaluations.chunk", "apps.evaluations.services.chunks.run_chunk")
        register_job("evaluations.finish", "apps.evaluations.services.finishing.run_finish")
        register_job("evaluations.fill_demo", "apps.evaluations.services.demo.fill_demo")
        register_follower("functions.build_index", "apps.evaluations.services.demo.fill_when_ready")
        first_start.register_demo("apps.evaluations.services.demo.prepare_demo")
