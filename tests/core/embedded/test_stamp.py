from pathlib import Path

import pytest

from apps.core.embedded import stamp
from apps.core.embedded.home import Home
from apps.core.embedded.stamp import describe_wanted, forget_prepared, is_prepared, mark_prepared

pytestmark = pytest.mark.unit


@pytest.fixture
def plain_home(tmp_path: Path) -> Home:
    made = Home(tmp_path, tmp_path, tmp_path / "run")
    made.pgdata.mkdir()
    return made


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    migrations = tmp_path / "apps" / "core" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_initial.py").touch()
    settings = tmp_path / "config" / "settings"
    settings.mkdir(parents=True)
    (settings / "base.py").write_text("INSTALLED_APPS = []")
    monkeypatch.setattr(stamp, "REPOSITORY", tmp_path)
    return tmp_path


def test_a_cluster_is_prepared_for_what_it_was_prepared_for(plain_home: Home) -> None:
    assert not is_prepared(plain_home, "this")
    mark_prepared(plain_home, "this")
    assert is_prepared(plain_home, "this")
    assert not is_prepared(plain_home, "that")
    forget_prepared(plain_home)
    assert not is_prepared(plain_home, "this")
    forget_prepared(plain_home)


def test_the_same_code_wants_the_same() -> None:
    assert describe_wanted(demo=True) == describe_wanted(demo=True)


def test_a_new_migration_wants_preparing(repository: Path) -> None:
    before = describe_wanted(demo=True)
    (repository / "apps" / "core" / "migrations" / "0002_more.py").touch()
    assert describe_wanted(demo=True) != before


def test_a_migration_that_is_taken_back_wants_preparing(repository: Path) -> None:
    before = describe_wanted(demo=True)
    (repository / "apps" / "core" / "migrations" / "0001_initial.py").unlink()
    assert describe_wanted(demo=True) != before


def test_other_settings_want_preparing(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = describe_wanted(demo=True)
    (repository / "config" / "settings" / "base.py").write_text("INSTALLED_APPS = ['another']")
    changed = describe_wanted(demo=True)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.other")
    assert len({before, changed, describe_wanted(demo=True)}) == 3


def test_a_demo_that_was_not_wanted_may_be_wanted_later() -> None:
    assert describe_wanted(demo=True) != describe_wanted(demo=False)


def test_migrations_of_packages_count() -> None:
    """Those of Django's own apps and of the scheduler are among the names."""
    packages = Path(stamp.sysconfig.get_path("purelib"))
    names = [str(path) for pattern in stamp.MIGRATIONS for path in packages.glob(pattern)]
    for part in ("django/contrib/auth/migrations/0001", "django_celery_beat/migrations/0001"):
        assert any(part in name for name in names), part
