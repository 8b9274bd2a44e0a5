"""`manage.py create_key EMAIL --name NAME`, with scopes, expiry, networks and limits."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.core.management.json_command import JsonCommand
from apps.users.models import User
from apps.users.scopes import FUNCTIONS_READ, SCOPES
from apps.users.services import create_key

MAX_DAYS = 3650


class Command(JsonCommand):
    help = "Make an API key of a user, and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True, help="what will use the key")
        scopes = f"one of {', '.join(SCOPES)}; may be given again; {FUNCTIONS_READ} when left out"
        parser.add_argument("--scope", action="append", dest="scopes", help=scopes)
        parser.add_argument("--expires", type=int, metavar="DAYS", help=f"1 to {MAX_DAYS}; never when left out")

        parser.add_argument(
            "--network",
            action="append",
            dest="networks",
            default=[],
            metavar="CIDR",
            help="network it may be used from; may be given again; any when left out",
        )
        parser.add_argument("--per-minute", type=int, metavar="N", help="requests a minute; as any key when left out")
        parser.add_argument(
            "--per-month", type=int, metavar="N", help="requests a calendar month; no budget when left out"
        )

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        user = find_user(options["email"])
        days = options["expires"]
        expires_at = timezone.now() + read_days(days) if days is not None else None
        scopes = options["scopes"] or [FUNCTIONS_READ]
        key, token = create_key(
            user=user,
            name=options["name"],
            scopes=scopes,
            expires_at=expires_at,
            networks=options["networks"],
            requests_per_minute=options["per_minute"],
            requests_per_month=options["per_month"],
        )
        return {
            "id": key.pk,
            "user": user.email,
            "name": key.name,
            "prefix": key.prefix,
            "scopes": key.scopes,
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
            "networks": key.networks,
            "requests_per_minute": key.requests_per_minute,
            "requests_per_month": key.requests_per_month,
            "token": token,
        }

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['name']}: a key of {result['user']} for {', '.join(result['scopes'])}.")
        self.stdout.write(f"Token, shown this once: {result['token']}")


def find_user(email: str) -> User:
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise InvalidInput({"email": f"no user has the address {email}"}) from None


def read_days(days: int) -> timedelta:
    if not 1 <= days <= MAX_DAYS:
        raise InvalidInput({"expires": f"must be from 1 to {MAX_DAYS} days, not {days}"})
    return timedelta(days=days)
