"""Settings come from a typed environment: wrong or missing ones end the start with one line that names them."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import Env, read_env
from config.settings import base

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "k" * 50,
    "SECRETS_KEYS": "b25seS1mb3ItdGVzdHMtb25seS1mb3ItdGVzdHMtMTI=",
    "ALLOWED_HOSTS": "touchstone.example",
    "DATABASE_URL": "postgresql://user:pass@db/touchstone",
    "REDIS_URL": "redis://cache:6379",
}


def load_settings(module: str, probe: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    code = f"from django.conf import settings as s; s.DEBUG; {probe}"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "DJANGO_SETTINGS_MODULE": f"config.settings.{module}", **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def start_production(monkeypatch):
    monkeypatch.setattr(base, "ENV", read_env())
    runpy.run_module("config.settings.prod")


@pytest.fixture
def refuse(monkeypatch, capsys):
    """What the settings of production say when they end, given this environment and no other."""

    def read(**environ: str) -> str:
        for name in Env.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            start_production(monkeypatch)
        assert ended.value.code == 2
        return capsys.readouterr().err

    return read


@pytest.mark.unit
def test_production_does_not_start_without_a_setting_or_with_a_wrong_one():
    missing = load_settings("prod", **{**PRODUCTION, "REDIS_URL": ""})
    wrong = load_settings("prod", **{**PRODUCTION, "LOG_LEVEL": "LOUD"})
    assert (missing.returncode, wrong.returncode) == (2, 2)
    assert missing.stderr == "touchstone: setting REDIS_URL is required in production and is not set\n"
    assert len(wrong.stderr.splitlines()) == 1
    assert wrong.stderr.startswith("touchstone: setting LOG_LEVEL Input should be")


@pytest.mark.unit
@pytest.mark.parametrize("name", PRODUCTION)
def test_production_names_the_missing_setting(name, refuse):
    given = {key: value for key, value in PRODUCTION.items() if key != name}
    assert refuse(**given) == f"touchstone: setting {name} is required in production and is not set\n"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATABASE_URL", "mysql://db/x", "must start with postgresql://"),
        ("REDIS_URL", "amqp://cache", "must start with redis://"),
        ("LOG_LEVEL", "LOUD", "Input should be"),
        ("TIME_ZONE", "Mars/Olympus", "is not a time zone name"),
        ("IMPORT_MAX_UPLOAD_MB", "0", "greater than or equal to 1"),
        ("DEBUG", "perhaps", "valid boolean"),
        ("SIGNUP_OPEN", "true", "needs EMAIL_URL"),
        ("REQUIRE_SECOND_FACTOR", "yes", "Input should be"),
        ("TRUSTED_PROXIES", "-1", "greater than or equal to 0"),
        ("LANGUAGE_MODEL", "models/mine.gguf", "must be auto, off, or the whole path of a GGUF file"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name, value, reason, refuse):
    said = refuse(**{**PRODUCTION, name: value})
    assert len(said.splitlines()) == 1
    assert f"setting {name} " in said
    assert reason in said


@pytest.mark.unit
def test_production_is_locked_down():
    probe = (
        "print(s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.ALLOWED_HOSTS, "
        "s.DATABASES['default']['HOST'], s.CELERY_BROKER_URL, s.CACHES['default']['LOCATION'])"
    )
    done = load_settings("prod", probe, **PRODUCTION)
    assert done.stdout.strip() == (
        "False True True True ['touchstone.example'] db redis://cache:6379/0 redis://cache:6379/1"
    )


@pytest.mark.unit
def test_the_embedded_default_keeps_its_secret_key(tmp_path):
    first, second = (load_settings("dev", "print(s.SECRET_KEY)", TOUCHSTONE_HOME=str(tmp_path)) for _ in range(2))
    assert first.stdout == second.stdout
    assert len(first.stdout.strip()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.unit
def test_every_setting_is_in_the_docs():
    page = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Env.model_fields.items():
        assert f"`{name.upper()}`" in page
        assert field.description in page
