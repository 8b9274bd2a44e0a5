import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.secrets.keys import check_key, load_keys, make_key
from tests.core.test_env import PRODUCTION, load_settings

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]


def test_a_made_key_is_one():
    assert check_key(make_key())
    assert make_key() != make_key()


@pytest.mark.parametrize("key", ["", "secret", "a" * 44, "A" * 39 + "=", "A" * 43 + "=AAAA", "ä" * 44])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="keys that"):
        check_key(key)


def test_a_home_keeps_its_key_and_takes_more(tmp_path):
    path = tmp_path / "home" / "secrets_keys"
    [first] = load_keys(path)
    assert load_keys(path) == [first]
    assert path.stat().st_mode & 0o777 == 0o600
    newer = make_key()
    path.write_text(f"{newer}\n{first}\n")
    assert load_keys(path) == [newer, first]


def test_the_settings_take_several_keys():
    keys = [make_key(), make_key()]
    done = load_settings("prod", "print(s.SECRETS_KEYS)", **{**PRODUCTION, "SECRETS_KEYS": ", ".join(keys)})
    assert done.stdout.strip() == repr(keys)


def test_a_wrong_key_ends_the_start_and_is_not_told():
    done = load_settings("prod", **{**PRODUCTION, "SECRETS_KEYS": "hunter2"})
    assert done.returncode == 2
    assert done.stderr.startswith("touchstone: setting SECRETS_KEYS must be keys that")
    assert "hunter2" not in done.stderr


def test_the_command_line_makes_a_key():
    command = [sys.executable, "-m", "apps.core.secrets.keys"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": ""})
    assert check_key(made.stdout.strip())
    assert made.stderr == ""
