"""Writes docs/settings.md from the typed environment: `python scripts/settings_page.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from config.env import Env  # noqa: E402 - the path comes first

HEAD = """# Settings

All settings come from the environment. A wrong value ends the start with one line that names it; in production
(`DJANGO_SETTINGS_MODULE=config.settings.prod`) `SECRET_KEY`, `SECRETS_KEYS`, `ALLOWED_HOSTS`, `DATABASE_URL` and
`REDIS_URL` must be given.

| setting | default | what it does |
|---|---|---|
"""


def main() -> None:
    rows = [
        f"| `{name.upper()}` | `{field.get_default(call_default_factory=True)!r}` | {field.description} |\n"
        for name, field in Env.model_fields.items()
    ]
    (ROOT / "docs" / "settings.md").write_text(HEAD + "".join(rows))


if __name__ == "__main__":
    main()
