"""What a new installation has to look at: the standard library of the interpreter that runs it."""

import sysconfig
from pathlib import Path

from apps.core.models import Job
from apps.functions.models import Function
from apps.functions.services.importing import start_import

LIBRARY = "python-stdlib"


def start_demo_import() -> Job | None:
    """A background import, unless there is anything in the catalogue already."""
    if Function.objects.exists():
        return None
    return start_import(path=Path(sysconfig.get_path("stdlib")), library=LIBRARY, language="python")
