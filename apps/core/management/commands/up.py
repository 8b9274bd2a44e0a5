import argparse
from typing import Any

from django.core.management.base import BaseCommand

from apps.core.embedded.up import add_arguments, run


class Command(BaseCommand):
    """`manage.py up` takes a shorter way than through Django; this is for its help, and for call_command."""

    help = "Run everything on this machine: databases, web, gateway, worker and scheduler. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        raise SystemExit(run(argparse.Namespace(**options)))
