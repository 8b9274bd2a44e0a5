from dataclasses import asdict
from typing import Any

from apps.core.management.json_command import FAILED, OK, JsonCommand
from apps.core.secrets.rotation import rotate_secrets


class Command(JsonCommand):
    help = "Encrypt every stored secret with the first of SECRETS_KEYS. Cut short, it goes on when it is run again."

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        return asdict(rotate_secrets())

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"Encrypted anew: {result['rewritten']:,}. Already by the first key: {result['current']:,}.")
        for row in result["unreadable"]:
            self.stderr.write(f"No key opens {row}.")

    def status(self, result: dict[str, Any]) -> int:
        return FAILED if result["unreadable"] else OK
