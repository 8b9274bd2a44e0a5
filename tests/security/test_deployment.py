"""Django's own list of what a site in production should have."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.embedded.secret import make_secret
from apps.core.secrets.keys import make_key

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.unit, pytest.mark.slow]


def read_documented_environment() -> dict[str, str]:
    """What docs/operations.md says to set."""
    page = (ROOT / "docs" / "operations.md").read_text()
    block = re.search(r"## Security.*?\n((?:    [A-Z_]+=[^\n]*\n)+)", page, re.DOTALL)
    assert block
    told = dict(line.strip().split("=", 1) for line in block[1].splitlines())
    assert [name for name, value in told.items() if value == "<a key>"] == ["SECRET_KEY", "SECRETS_KEYS"]
    return {**told, "SECRET_KEY": make_secret(), "SECRETS_KEYS": make_key()}


def check(*only: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", *only]
    environ = {**kept, "DJANGO_SETTINGS_MODULE": "config.settings.prod", **environ}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_with_the_settings_of_the_docs_it_finds_nothing() -> None:
    done = check(**read_documented_environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("System check identified no issues")


def test_it_finds_what_is_wrong() -> None:
    done = check("--tag", "security", **read_documented_environment(), SECURE="false")
    assert done.returncode == 1
    assert "SECURE_SSL_REDIRECT" in done.stderr
