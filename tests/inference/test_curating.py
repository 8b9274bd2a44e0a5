from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.core.audit.models import AuditEntry
from apps.core.errors import Conflict, InvalidInput
from apps.inference import curating
from apps.inference.curated import forget_curated, get_curated
from apps.inference.models import Alias, Budget, Provider, ServedModel
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

KEY = "sk-test-0123456789-abcd"


def refusal(call: Any, **given: Any) -> str:
    """The field that is at fault."""
    with pytest.raises(InvalidInput) as error:
        call(**given)
    [field] = error.value.errors
    return str(field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "http://somebody:secret@example.com/v1"}, "base_url"),
        ({"base_url": "http://169.254.169.254/v1"}, "base_url"),
        ({"base_url": "http://[fd00:ec2::254]/v1"}, "base_url"),
        ({"kind": "embedded"}, "base_url"),
        ({"kind": "local"}, "base_url"),
        ({"management_url": "http://example.com"}, "management_url"),
        ({"kind": "torchserve", "management_url": "http://100.100.100.200"}, "management_url"),
        ({"kind": "other"}, "kind"),
        ({"name": "With Blanks"}, "name"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_a_provider_that_makes_no_sense(changes: dict[str, Any], field: str) -> None:
    assert refusal(curating.save_provider, provider=ProviderFactory.build(**changes)) == field
    assert not Provider.objects.filter(base_url__contains="http").exists()


def test_private_addresses_are_the_operators_choice(settings: Settings) -> None:
    assert curating.save_provider(provider=ProviderFactory.build(base_url=" http://10.0.0.7:11434/v1 ")).pk
    settings.PROVIDER_PRIVATE_NETWORKS = False
    provider = ProviderFactory.build(base_url="http://10.0.0.8:11434/v1")
    assert refusal(curating.save_provider, provider=provider) == "base_url"
    assert curating.save_provider(provider=ProviderFactory.build(base_url="https://api.openai.com/v1")).pk


def test_a_key_stays_until_another_comes_or_it_is_taken_away() -> None:
    provider = curating.save_provider(provider=ProviderFactory.build(), key=KEY)
    provider.timeout = 5
    curating.save_provider(provider=provider)
    assert Provider.objects.get(pk=provider.pk).api_key == KEY
    assert curating.describe_key(provider) == "Set, ends in …abcd."
    curating.save_provider(provider=provider, key="short")
    assert curating.describe_key(provider) == "Set."
    curating.save_provider(provider=provider, key="")
    assert curating.describe_key(Provider.objects.get(pk=provider.pk)) == "None is set."


@pytest.mark.parametrize("key", ["with blanks", "x" * 501, "naïve", "line\nline"])
def test_what_can_be_no_key(key: str) -> None:
    assert refusal(curating.save_provider, provider=ProviderFactory(), key=key) == "key"


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("https://one.example.com/v2", True),
        ("https://two.example.com/v1", False),
        ("http://one.example.com/v1", False),
        ("https://one.example.com:8443/v1", False),
    ],
)
def test_a_key_goes_to_no_other_server(address: str, goes: bool) -> None:
    provider = ProviderFactory(base_url="https://one.example.com/v1", api_key=KEY)
    provider.base_url = address
    if goes:
        curating.save_provider(provider=provider)
    else:
        assert refusal(curating.save_provider, provider=provider) == "key"
        assert Provider.objects.get(pk=provider.pk).base_url == "https://one.example.com/v1"
        assert curating.save_provider(provider=provider, key="another").base_url == address


@pytest.mark.parametrize("before", ["", "https://one.example.com:8081"])
def test_a_key_goes_to_no_other_management_address_either(before: str) -> None:
    ours = "https://one.example.com"
    provider = ProviderFactory(kind="torchserve", base_url=ours, management_url=before, api_key=KEY)
    provider.management_url = "https://two.example.com"
    assert refusal(curating.save_provider, provider=provider) == "key"
    provider.management_url = ours
    assert curating.save_provider(provider=provider).management_url == ours


def test_a_key_goes_nowhere_else_by_way_of_a_kind_without_address() -> None:
    provider = ProviderFactory(base_url="https://one.example.com/v1", api_key=KEY)
    provider.kind, provider.base_url = "local", ""
    curating.save_provider(provider=provider)
    provider.kind, provider.base_url = "openai", "https://two.example.com/v1"
    assert refusal(curating.save_provider, provider=provider) == "key"


def test_the_log_says_that_a_key_changed_and_not_to_what() -> None:
    provider = curating.save_provider(provider=ProviderFactory.build(), key=KEY)
    curating.save_provider(provider=provider, key="sk-the-next-one-9876543210")
    entries = AuditEntry.objects.filter(object_pk=str(provider.pk), content_type__model="provider")
    assert entries.count() == 2
    assert all("api_key" in entry.changes for entry in entries)
    assert not any(part in str(entry.changes) for entry in entries for part in (KEY, "sk-the-next-one-9876543210"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "taken"}, "name"),
        ({"price_in": -1}, "price_in"),
        ({"context_tokens": 10, "max_output_tokens": 11}, "max_output_tokens"),
        ({"batch_size": 0}, "batch_size"),
        ({"remote_name": ""}, "remote_name"),
    ],
)
def test_a_model_that_makes_no_sense(changes: dict[str, Any], field: str) -> None:
    AliasFactory(name="taken")
    model = ModelFactory.build(provider=ProviderFactory(), **changes)
    assert refusal(curating.save_model, model=model) == field


def test_models_of_an_alias_do_the_same() -> None:
    chat, other, embedding = ModelFactory(), ModelFactory(), ModelFactory(operation="embedding")
    alias = curating.save_alias(alias=AliasFactory.build(), models=[chat, other])
    assert refusal(curating.save_alias, alias=alias, models=[chat, embedding]) == "models"
    assert refusal(curating.save_alias, alias=alias, models=[chat, chat]) == "models"
    chat.operation = "embedding"
    assert refusal(curating.save_model, model=chat) == "operation"
    assert [entry.model for entry in alias.entries.all()] == [chat, other]


def test_a_model_alone_in_its_alias_may_do_something_else() -> None:
    model = ModelFactory()
    AliasFactory(models=[model])
    model.operation = "embedding"
    assert curating.save_model(model=model).operation == "embedding"


def test_an_order_is_one_entry_in_the_log_and_the_same_one_is_none() -> None:
    first, second = ModelFactory(), ModelFactory()
    alias = curating.save_alias(alias=AliasFactory.build(), models=[first, second])
    curating.save_alias(alias=alias, models=[second, first])
    curating.save_alias(alias=alias, models=[second, first])
    curating.save_alias(alias=alias)
    entries = AuditEntry.objects.filter(event="alias.models").order_by("pk")
    assert [entry.changes["models"][1] for entry in entries] == [
        [first.name, second.name],
        [second.name, first.name],
    ]


def test_what_is_saved_is_known_to_the_next_who_asks(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    forget_curated()
    model = ModelFactory()
    alias = AliasFactory.build()
    assert alias.name not in get_curated().aliases
    with django_capture_on_commit_callbacks(execute=True):
        curating.save_alias(alias=alias, models=[model])
    assert [one.name for one in get_curated().find(alias.name)] == [model.name]
    with django_capture_on_commit_callbacks(execute=True):
        curating.delete(alias)
    assert alias.name not in get_curated().aliases
    forget_curated()


def test_what_others_are_made_of_stays() -> None:
    model = ModelFactory()
    alias = AliasFactory(models=[model])
    for row in (model, model.provider):
        with pytest.raises(Conflict, match="in use"):
            curating.delete(row)
    curating.delete(alias)
    curating.delete(model)
    assert not ServedModel.objects.filter(pk=model.pk).exists()
    assert not Alias.objects.filter(pk=alias.pk).exists()


def test_a_budget_is_of_one_and_of_something() -> None:
    user, alias = UserFactory(), AliasFactory()
    assert refusal(curating.save_budget, budget=Budget(user=user, alias=alias, tokens=5)) == ""
    assert refusal(curating.save_budget, budget=Budget(user=user)) == ""
    assert curating.save_budget(budget=Budget(user=user, tokens=5)).pk
    assert refusal(curating.save_budget, budget=Budget(user=user, dollars=5)) == ""
