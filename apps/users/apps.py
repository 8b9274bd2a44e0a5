from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = "People and keys"

    def ready(self) -> None:
        from apps.core import first_start

        first_start.register_account("apps.users.services.ensure_first_admin")
