"""`manage.py rotate_key PREFIX [--overlap HOURS] [--json]`"""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from apps.core.errors import InvalidInput
from apps.core.management.json_command import JsonCommand
from apps.users.models import ApiKey
from apps.users.services import rotate_key


class Command(JsonCommand):
    help = "Give an API key a new secret, and print its token, once. For programs' accounts, which open no pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="the key's first part, ts_ and eight letters or digits")
        parser.add_argument(
            "--overlap", type=int, default=24, metavar="HOURS", help="how long the old secret stays good"
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        key = find_key(options["prefix"])
        token = rotate_key(key=key, overlap=timedelta(hours=options["overlap"]))
        until = key.former_until
        return {
            "id": key.pk,
            "name": key.name,
            "prefix": key.prefix,
            "former_until": until.isoformat() if until else None,
            "token": token,
        }

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['name']}: the old secret is good until {result['former_until']}.")
        self.stdout.write(f"Token, shown this once: {result['token']}")


def find_key(prefix: str) -> ApiKey:
    key = ApiKey.objects.filter(prefix=prefix.replace("\0", "")).first()
    if key is None:
        raise InvalidInput({"prefix": f"no key begins with {prefix}"})
    return key
