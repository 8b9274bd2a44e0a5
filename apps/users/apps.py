from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = "People and keys"

    def ready(self) -> None:
        from apps.core import first_start
        from apps.core.palette.places import register_gate
        from apps.users import watching
        from apps.users.access.opening import may_open

        register_gate(may_open)
        first_start.register_account("apps.users.services.ensure_first_admin")
        watching.watch_people()
        watching.listen()
