from importlib import import_module

import pytest
from django.apps import apps

from apps.inference.curated import read_curated
from apps.inference.exchange import ModelTier, Operation
from apps.inference.models import Alias, Provider, ServedModel
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

EMBEDDING, LOCAL = "all-minilm-l6-v2", "qwen2.5-coder-1.5b"


def add_built_ins() -> None:
    import_module("apps.inference.migrations.0002_built_ins").add_built_ins(apps, None)


@pytest.fixture(autouse=True)
def nothing_there() -> None:
    Alias.objects.all().delete()
    ServedModel.objects.all().delete()
    Provider.objects.all().delete()


def test_there_are_two_models_that_cost_nothing_and_two_aliases() -> None:
    add_built_ins()
    curated = read_curated()
    assert {name: model.operation for name, model in curated.models.items()} == {
        EMBEDDING: Operation.EMBEDDING,
        LOCAL: Operation.CHAT,
    }
    assert all(model.prices.is_free and model.tier is ModelTier.LOCAL for model in curated.models.values())
    assert {name: [model.name for model in alias.models] for name, alias in curated.aliases.items()} == {
        "cheap": [LOCAL],
        "auto": [],
    }
    for row in (*Provider.objects.all(), *ServedModel.objects.all(), *Alias.objects.all()):
        row.full_clean()


def test_a_second_time_adds_nothing_and_keeps_what_was_edited() -> None:
    add_built_ins()
    ServedModel.objects.filter(name=LOCAL).update(max_output_tokens=7, is_active=False)
    Alias.objects.get(name="cheap").entries.all().delete()
    add_built_ins()
    assert (Provider.objects.count(), ServedModel.objects.count(), Alias.objects.count()) == (2, 2, 2)
    assert ServedModel.objects.get(name=LOCAL).max_output_tokens == 7
    assert not Alias.objects.get(name="cheap").entries.exists()


def test_names_that_are_taken_stay_with_who_has_them() -> None:
    ProviderFactory(name="local", kind="openai")
    ModelFactory(name="cheap")
    AliasFactory(name=EMBEDDING)
    add_built_ins()
    assert set(Alias.objects.values_list("name", flat=True)) == {EMBEDDING, "auto"}
    assert set(ServedModel.objects.values_list("name", flat=True)) == {"cheap"}
    assert Provider.objects.get(name="local").kind == "openai"
