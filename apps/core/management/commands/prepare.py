import argparse
import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from apps.core import first_start
from apps.core.embedded import postgres
from apps.core.embedded.home import embedded_urls, resolve_home
from apps.core.embedded.migrations import apply_migrations
from apps.core.embedded.services import wanted_services


class Command(BaseCommand):
    help = "Bring the database up to date; on a new one, make the first administrator and start loading the demo."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if postgres.NAME in wanted_services():
            postgres.ensure_database(embedded_urls(resolve_home()).database_url)
        try:
            apply_migrations()
        except OperationalError as error:
            host = settings.DATABASES["default"]["HOST"]
            reason = str(error).partition("\n")[0]
            raise CommandError(f"the database on {host} does not answer: {reason}") from error
        account = prepare_content(demo=not options["no_demo"])
        self.stdout.write(json.dumps({"first_account": account}))


def prepare_content(*, demo: bool) -> dict[str, str] | None:
    """Makes the first account and starts the demo where there is none; the account, when it was made now."""
    made = first_start.make_account()
    if demo:
        first_start.start_demo()
    return {"email": made[0], "password": made[1]} if made else None
