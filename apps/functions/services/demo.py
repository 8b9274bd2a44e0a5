"""What a new installation has to look at: the shipped catalogue, and the standard library of its interpreter."""

import sysconfig
from pathlib import Path

from apps.core.models import Job
from apps.functions.models import Function
from apps.functions.services.importing import start_import

CATALOGUE = Path(__file__).resolve().parents[1] / "catalogue"
SHIPPED = "essentials"
STANDARD_LIBRARY = "python-stdlib"


def start_demo_import() -> list[Job]:
    """Background imports, unless there is anything in the catalogue already."""
    if Function.objects.exists():
        return []
    shipped = start_import(path=CATALOGUE, library=SHIPPED)
    standard = start_import(path=Path(sysconfig.get_path("stdlib")), library=STANDARD_LIBRARY, language="python")
    return [shipped, standard]
