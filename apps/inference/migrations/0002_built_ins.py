"""The models that come along: the embedding model in the process, and the language model on this machine."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MODELS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "embedded",
        "all-minilm-l6-v2",
        {
            "operation": "embedding",
            "can_stream": False,
            "context_tokens": 256,
            "max_output_tokens": 1,
            "too_long": "cut",
        },
    ),
    (
        "local",
        "qwen2.5-coder-1.5b",
        {
            "operation": "chat",
            "can_stream": True,
            "can_keep_schema": True,
            "context_tokens": 8192,
            "max_output_tokens": 2048,
        },
    ),
)
"""The provider's name and kind, the model's name, and what the model can do."""
CHEAP = ("cheap", "What costs nothing or little: try this first.", "qwen2.5-coder-1.5b")
AUTO = ("auto", "The cheapest model that will do. Put models here to choose them yourself, in order.", "")


def add_built_ins(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Adds what is not there, and leaves what is there as it is."""
    for kind, name, traits in MODELS:
        add_model(apps, kind, name, traits)
    for name, description, model in (CHEAP, AUTO):
        add_alias(apps, name, description, model)


def add_model(apps: Apps, kind: str, name: str, traits: dict[str, Any]) -> None:
    provider, _ = apps.get_model("inference", "Provider").objects.get_or_create(name=kind, defaults={"kind": kind})
    if provider.kind == kind and is_free(apps, name):
        models = apps.get_model("inference", "ServedModel").objects
        models.create(provider=provider, name=name, remote_name=name, tier="local", **traits)


def add_alias(apps: Apps, name: str, description: str, model: str) -> None:
    if not is_free(apps, name):
        return
    alias = apps.get_model("inference", "Alias").objects.create(name=name, description=description)
    first = apps.get_model("inference", "ServedModel").objects.filter(name=model).first()
    if first is not None:
        apps.get_model("inference", "AliasModel").objects.create(alias=alias, model=first, position=0)


def is_free(apps: Apps, name: str) -> bool:
    return not any(
        apps.get_model("inference", model).objects.filter(name=name).exists() for model in ("ServedModel", "Alias")
    )


class Migration(migrations.Migration):
    dependencies = [("inference", "0001_providers_and_calls")]

    # Backwards they stay: they may have been edited, and going forward again adds none twice.
    operations = [migrations.RunPython(add_built_ins, migrations.RunPython.noop)]
