from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    verbose_name = "People and keys"

    def ready(self) -> None:
        from apps.core import first_start
        from apps.core.home import tiles
        from apps.core.live import register_topic
        from apps.core.palette.places import register_gate
        from apps.core.secrets.stores import register_json_secrets
        from apps.users import watching
        from apps.users.access.opening import may_open

        register_gate(may_open)
        register_topic("member", "users.view_user")
        tiles.register_decisions("apps.users.home.list_decisions")
        tiles.register_news("apps.users.home.list_news")
        tiles.register_steps("apps.users.home.list_steps")
        first_start.register_account("apps.users.services.ensure_first_admin")
        register_json_secrets("mfa.Authenticator", "data", ["secret", "seed", "migrated_codes"])
        watching.watch_people()
        watching.listen()
