"""Writes the tables of docs/access.md from those in apps/users: `python scripts/access_page.py`."""

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    from apps.users.access.page import update_page

    page = ROOT / "docs" / "access.md"
    page.write_text(update_page(page.read_text()))


if __name__ == "__main__":
    main()
