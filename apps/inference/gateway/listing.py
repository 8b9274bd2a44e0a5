"""Which models and aliases may be named."""

from typing import Any

from apps.inference.curated import Curated, get_curated_async
from apps.inference.errors import UnknownModel
from apps.inference.gateway.refusals import refuse_for
from apps.inference.models import AUTO

OWNER = "touchstone"
CREATED = 0
"""When a model was made is not known here."""


async def list_models() -> dict[str, Any]:
    return {"object": "list", "data": [describe(name) for name in name_all(await get_curated_async())]}


async def describe_model(name: str) -> dict[str, Any]:
    """Raises Refusal."""
    if name not in name_all(await get_curated_async()):
        raise refuse_for(UnknownModel(name))
    return describe(name)


def name_all(curated: Curated) -> list[str]:
    aliases = [alias.name for alias in curated.aliases.values() if alias.models]
    return sorted({AUTO, *aliases, *curated.models})


def describe(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": OWNER}
