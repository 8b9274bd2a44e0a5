from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from apps.inference import curated
from apps.inference.curated import forget_curated, get_curated, read_curated
from apps.inference.errors import NoModels, UnknownModel
from apps.inference.exchange import Usage
from apps.inference.models import AliasModel
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def nothing_known():
    forget_curated()
    yield
    forget_curated()


def names_of(target: str) -> list[str]:
    return [model.name for model in read_curated().find(target)]


def test_an_alias_gives_its_models_in_order():
    first, second = ModelFactory(), ModelFactory()
    alias = AliasFactory(models=[second, first])
    assert names_of(alias.name) == [second.name, first.name]
    AliasModel.objects.filter(model=second).update(position=5)
    assert names_of(alias.name) == [first.name, second.name]


def test_a_model_stands_for_itself():
    model = ModelFactory(price_in=Decimal("2.5"), price_out=Decimal(10))
    [found] = read_curated().find(model.name)
    assert found.prices.cost(Usage(prompt=1_000_000, completion=100_000)) == Decimal("3.5")
    assert not found.prices.is_free


@pytest.mark.parametrize("where", ["model", "provider", "alias"])
def test_what_is_not_active_is_unknown(where: str):
    provider = ProviderFactory(is_active=where != "provider")
    model = ModelFactory(provider=provider, is_active=where != "model")
    alias = AliasFactory(models=[model], is_active=where != "alias")
    with pytest.raises(UnknownModel if where == "alias" else NoModels):
        read_curated().find(alias.name)


def test_the_key_is_shown_to_nobody():
    ModelFactory(provider=ProviderFactory(api_key="sk-of-the-company"))
    assert "sk-of-the-company" not in repr(read_curated())


def test_it_is_the_same_object_until_something_changes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(curated._kept, "_seconds", 0)
    model = ModelFactory()
    before = get_curated()
    assert get_curated() is before
    model.price_in = 3
    model.save()
    assert get_curated() is not before
    assert get_curated().find(model.name)[0].prices.prompt == 3


@pytest.mark.usefixtures("tables_stay_known")
def test_it_is_read_once_a_second(django_assert_num_queries):
    ModelFactory()
    get_curated()
    with django_assert_num_queries(0):
        get_curated()


def test_a_name_is_of_one_thing_only():
    model, alias = ModelFactory(), AliasFactory()
    model.name = alias.name
    with pytest.raises(ValidationError) as error:
        model.full_clean()
    assert "name" in error.value.message_dict
    taken = AliasFactory.build(name=ModelFactory().name)
    with pytest.raises(ValidationError) as error:
        taken.full_clean()
    assert "name" in error.value.message_dict


def test_what_makes_no_sense_names_its_field():
    with pytest.raises(ValidationError) as error:
        ProviderFactory.build(base_url="").full_clean()
    assert list(error.value.message_dict) == ["base_url"]
    with pytest.raises(ValidationError) as error:
        ProviderFactory.build(kept_connections=30).full_clean()
    assert "kept_connections" in error.value.message_dict
