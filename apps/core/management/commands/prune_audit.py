import argparse
from typing import Any

from apps.core.audit.retention import LEAST_DAYS, prune_audit
from apps.core.management.json_command import JsonCommand


class Command(JsonCommand):
    help = "Delete what the audit log keeps of longer ago. Nothing else can, and that it was done is written to it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        text = f"Days to keep, at least {LEAST_DAYS}. Export first what is older."
        parser.add_argument("--keep-days", type=int, required=True, help=text)

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"deleted": prune_audit(keep_days=options["keep_days"]), "keep_days": options["keep_days"]}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"Deleted {result['deleted']:,} entries that were older than {result['keep_days']} days.")
