"""`manage.py create_user EMAIL --role ROLE [--name NAME] [--password P] [--json]`"""

from typing import Any

from django.core.management.base import CommandParser

from apps.core.management.json_command import JsonCommand
from apps.users.roles import Role
from apps.users.services import create_user


class Command(JsonCommand):
    help = "Make a user. Without --password, make one up and print it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--role", required=True, help=", ".join(Role))
        parser.add_argument("--name", default="", help="the person's full name")
        parser.add_argument("--password", help="seen by others in the list of processes while this runs")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        given = options["password"]
        user, password = create_user(
            email=options["email"], role=options["role"], full_name=options["name"], password=given
        )
        made = {"id": user.pk, "email": user.email, "role": user.role}
        return made if given is not None else made | {"password": password}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"{result['email']} is now {result['role']}.")
        if "password" in result:
            self.stdout.write(f"Password, shown this once: {result['password']}")
