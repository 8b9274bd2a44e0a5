"""The buttons of the back office that really ask: a model, an alias, a provider; and the models that it has."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import Settings

from apps.inference.curated import forget_curated
from apps.inference.listing import MAX_LISTED
from apps.inference.models import Alias, Provider, ServedModel
from apps.users.models import User
from apps.users.roles import Role
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory
from tests.scripted import ScriptedServer
from tests.users.factories import UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def curator(client: Client) -> Iterator[User]:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    forget_curated()
    yield user
    forget_curated()


@pytest.fixture
def provider(scripted: ScriptedServer) -> Provider:
    made: Provider = ProviderFactory(name="scripted", base_url=scripted.base_url, api_key=scripted.key)
    return made


@pytest.fixture
def model(provider: Provider) -> ServedModel:
    made: ServedModel = ModelFactory(
        provider=provider, name="chatty", remote_name="scripted-chat", tier="small", price_in=1000, price_out=2000
    )
    return made


def address(row: Any, page: str = "try") -> str:
    return reverse(f"admin:inference_{row._meta.model_name}_{page}", args=[row.pk])


def ask(client: Client, row: Any, question: str = "What is a hinge?", **more: Any) -> tuple[str, Any]:
    """The page's text, and what was tried."""
    response = client.post(address(row), {"question": question, **more})
    assert response.status_code == 200
    return response.content.decode(), response.context["tried"]


def test_a_model_really_answers(client: Client, scripted: ScriptedServer, model: ServedModel) -> None:
    page, tried = ask(client, model)
    [received] = scripted.requests()
    assert received["body"]["messages"] == [{"role": "user", "content": "What is a hinge?"}]
    assert tried.answer in page
    assert (tried.reply.model, tried.reply.tier, tried.reply.provider) == ("chatty", "small", "scripted")
    assert tried.reply.cost > 0
    assert tried.reply.usage.completion > 0
    assert [attempt.outcome for attempt in tried.attempts] == ["ok"]


def test_an_alias_shows_what_was_tried_before(client: Client, scripted: ScriptedServer, model: ServedModel) -> None:
    first = ModelFactory(provider=model.provider, name="refusing", remote_name="scripted-long")
    scripted.script("scripted-long", {"status": 401})
    page, tried = ask(client, AliasFactory(models=[first, model]))
    assert [(one.model, one.outcome) for one in tried.attempts] == [("refusing", "misconfigured"), ("chatty", "ok")]
    assert "misconfigured" in page


def test_an_error_has_its_detail_for_who_looks_after_it(
    client: Client, scripted: ScriptedServer, model: ServedModel
) -> None:
    scripted.script("scripted-chat", {"status": 401})
    page, tried = ask(client, model)
    assert tried.error.code == "misconfigured"
    assert tried.error.detail
    assert escape(tried.error.detail[:20]) in page
    assert scripted.key not in page


def test_an_embedding_is_shown_by_its_beginning(client: Client, provider: Provider) -> None:
    model = ModelFactory(provider=provider, remote_name="scripted-embedding", operation="embedding")
    page, tried = ask(client, model)
    assert "numbers: " in tried.answer
    assert "numbers: " in page


def test_a_provider_asks_the_model_that_was_chosen(client: Client, model: ServedModel) -> None:
    other = ModelFactory(provider=model.provider, name="another", remote_name="scripted-long")
    _, tried = ask(client, model.provider, model=other.pk)
    assert tried.reply.model == "another"
    response = client.post(address(model.provider), {"question": "x", "model": ModelFactory().pk})
    assert "model" in response.context["form"].errors


def test_what_is_not_active_says_so(client: Client, model: ServedModel) -> None:
    ServedModel.objects.update(is_active=False)
    forget_curated()
    page, tried = ask(client, model)
    assert tried.error.code == "no_models"
    assert "is not active" in page
    assert "model_not_found" not in page


def test_an_alias_without_models_says_what_to_do(client: Client, scripted: ScriptedServer) -> None:
    page, tried = ask(client, AliasFactory(name="reports"))
    assert tried.error.code == "no_models"
    assert "Put one into it" in page
    assert "Nothing was sent" in page
    auto, _ = Alias.objects.get_or_create(name="auto")
    forget_curated()
    page, _ = ask(client, auto)
    assert "the gateway then chooses the cheapest active model" in page
    assert scripted.requests() == []


@pytest.mark.parametrize("question", ["", "x" * 4001])
def test_a_question_is_needed(client: Client, scripted: ScriptedServer, model: ServedModel, question: str) -> None:
    response = client.post(address(model), {"question": question})
    assert "question" in response.context["form"].errors
    assert scripted.requests() == []


def test_looking_asks_nothing(client: Client, scripted: ScriptedServer, model: ServedModel) -> None:
    response = client.get(address(model))
    assert response.context["form"]["question"].value()
    assert scripted.counts()["totals"]["requests"] == 0


def test_models_that_a_provider_has_are_offered_and_added(client: Client, model: ServedModel) -> None:
    path = address(model.provider, "fetch")
    formset = client.post(path).context["formset"]
    offered = {form["remote_name"].value(): form["operation"].value() for form in formset}
    assert "scripted-chat" not in offered
    assert (offered["scripted-long"], offered["scripted-embedding"]) == ("chat", "embedding")
    names = [form["remote_name"].value() for form in formset]
    body = form_of(names, add=["scripted-long"], price_in="0.5", tier="small")
    assert client.post(path, body).status_code == 302
    made = ServedModel.objects.get(remote_name="scripted-long")
    assert (made.name, made.tier, made.operation, float(made.price_in)) == ("scripted-long", "small", "chat", 0.5)
    assert ServedModel.objects.filter(provider=model.provider).count() == 2


def test_a_name_that_is_taken_is_said_beside_it_and_nothing_is_added(client: Client, model: ServedModel) -> None:
    names = ["scripted-long", "scripted-embedding"]
    body = form_of(names, add=names, name="chatty")
    response = client.post(address(model.provider, "fetch"), body)
    assert response.status_code == 200
    assert [list(form.errors) for form in response.context["formset"]] == [["name"], []]
    assert ServedModel.objects.filter(provider=model.provider).count() == 1


def test_as_many_as_are_offered_can_be_sent_back(client: Client, model: ServedModel) -> None:
    names = [f"model-{number}" for number in range(MAX_LISTED)]
    assert client.post(address(model.provider, "fetch"), form_of(names, add=names[-2:])).status_code == 302
    assert ServedModel.objects.filter(remote_name__in=names).count() == 2


def test_what_is_not_chosen_may_say_what_it_likes(client: Client, model: ServedModel) -> None:
    body = form_of(["scripted-long", "odd"], add=["scripted-long"])
    body["form-1-name"] = "Not A Name"
    assert client.post(address(model.provider, "fetch"), body).status_code == 302
    assert not ServedModel.objects.filter(remote_name="odd").exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"api_key": "wrong"}, "misconfigured"),
        ({"base_url": "http://127.0.0.1:9/v1"}, "connection"),
        ({"kind": "embedded", "base_url": ""}, "not_supported"),
        ({"kind": "torchserve"}, "misconfigured"),
    ],
)
def test_a_provider_that_lists_nothing_says_why(
    client: Client, provider: Provider, changes: dict[str, str], code: str
) -> None:
    Provider.objects.update(**{name: value for name, value in changes.items() if name != "api_key"})
    provider.refresh_from_db()
    provider.api_key = changes.get("api_key", provider.api_key)
    provider.save()
    response = client.post(address(provider, "fetch"))
    assert response.context["error"].code == code
    assert provider.api_key not in response.content.decode()


def test_an_address_inside_is_not_asked_where_the_operator_forbids_it(
    client: Client, scripted: ScriptedServer, provider: Provider, settings: Settings
) -> None:
    settings.PROVIDER_PRIVATE_NETWORKS = False
    assert client.post(address(provider, "fetch")).context["error"].code == "connection"
    assert scripted.requests() == []


def form_of(names: list[str], *, add: list[str], **first: Any) -> dict[str, Any]:
    """What the page sends back; `first` is said of the first that is added."""
    body: dict[str, Any] = {"form-TOTAL_FORMS": len(names), "form-INITIAL_FORMS": len(names)}
    for place, name in enumerate(names):
        row = {"remote_name": name, "name": name, "operation": "chat", "tier": "large", "price_in": 0, "price_out": 0}
        row |= {"add": "on"} if name in add else {}
        row |= first if add and name == add[0] else {}
        body |= {f"form-{place}-{field}": value for field, value in row.items()}
    return body
