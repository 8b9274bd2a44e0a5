"""Where rows keep secrets. Encrypted columns are found by themselves; a secret within JSON is told of by its app."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import F, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast

from apps.core.secrets.fields import EncryptedField

Change = Callable[[str], str]
_within_json: dict[tuple[str, str], frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Store:
    """One column. `names` are the keys of a JSON object whose values are secrets; none for an encrypted column."""

    model: type[Model]
    field: str
    names: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field}"

    def read(self) -> QuerySet[Any, tuple[Any, Any]]:
        """Primary keys and what the column holds, encrypted as it is."""
        rows = self.model._base_manager.order_by("pk")
        raw = F(self.field) if self.names else Cast(self.field, TextField())
        return rows.annotate(stored=raw).values_list("pk", "stored")

    def write(self, pk: Any, stored: Any) -> None:
        value = stored if self.names else Value(stored, TextField())
        self.model._base_manager.filter(pk=pk).update(**{self.field: value})

    def change(self, stored: Any, change: Change) -> Any:
        """What the column holds, each secret in it put through `change`."""
        if not stored:
            return stored
        if not self.names:
            return change(stored)
        return {name: _change_each(value, change) if name in self.names else value for name, value in stored.items()}


def register_json_secrets(model: str, field: str, names: Collection[str]) -> None:
    """Says that the JSON objects in `field` of `model` ("app.Model") keep tokens of `encrypt` under these names."""
    _within_json[model, field] = frozenset(names)


def find_stores() -> Iterator[Store]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField):
                yield Store(model, field.name)
    for (label, name), names in _within_json.items():
        yield Store(apps.get_model(label), name, names)


def _change_each(value: Any, change: Change) -> Any:
    return [change(part) for part in value] if isinstance(value, list) else change(value)
