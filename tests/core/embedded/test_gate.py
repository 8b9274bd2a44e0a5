import subprocess
import sys
from pathlib import Path

import pytest

from apps.core.embedded import gate as gates
from apps.core.embedded.gate import FolderGate, find_folder_users

pytestmark = pytest.mark.unit


@pytest.fixture
def lodger(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that lives in the folder."""
    code = "import sys; print(open('/proc/self/comm').read().strip(), flush=True); sys.stdin.read()"
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
    )


def test_a_folder_is_free_once_its_user_has_ended(tmp_path: Path, lodger: subprocess.Popen[bytes]) -> None:
    assert lodger.stdout
    program = lodger.stdout.readline().decode().strip()
    gate = FolderGate(tmp_path, program)
    assert find_folder_users(tmp_path, program) == [lodger.pid]
    assert find_folder_users(tmp_path, "postgres") == []
    assert not gate.is_free()
    assert lodger.poll() is None
    lodger.communicate()
    assert gate.is_free()


def test_a_user_that_never_ends_is_ended(
    tmp_path: Path, lodger: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lodger.stdout
    gate = FolderGate(tmp_path, lodger.stdout.readline().decode().strip())
    assert not gate.is_free()
    monkeypatch.setattr(gates, "PATIENCE_SECONDS", 0)
    assert not gate.is_free()
    assert lodger.wait(timeout=60) == -9
    assert gate.is_free()
    lodger.communicate()
