"""Providers, models, aliases and budgets in the back office."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.core.secrets.keys import make_key
from apps.inference import admin_budgets
from apps.inference.models import Alias, AliasModel, Budget, Provider, ServedModel, Spending
from apps.users.models import User
from apps.users.roles import Role
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory
from tests.users.factories import ApiKeyFactory, UserFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ADMIN = "/admin/inference/"
PROVIDERS, MODELS, ALIASES, BUDGETS = (f"{ADMIN}{name}/" for name in ("provider", "servedmodel", "alias", "budget"))
KEY = "sk-test-0123456789-abcd"


@pytest.fixture(autouse=True)
def admin(client: Client) -> User:
    user = UserFactory(role=Role.ADMIN)
    client.force_login(user)
    return user


@pytest.fixture
def curator(client: Client) -> User:
    user = UserFactory(role=Role.CURATOR)
    client.force_login(user)
    return user


def rows(response: Any) -> list[Any]:
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def fields_of(client: Client, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back: the form's fields as they are shown, with some changed."""
    context = client.get(path).context
    forms = [context["adminform"].form]
    values: dict[str, Any] = {}
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        shown = {form.add_prefix(name): form[name].value() for name in form.fields}
        values |= {name: value for name, value in shown.items() if value is not None and value is not False}
    return {**values, **changes}


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    found: dict[str, Any] = response.context["adminform"].form.errors
    return found


class TestProviders:
    @pytest.fixture
    def provider(self) -> Provider:
        made: Provider = ProviderFactory(base_url="https://one.example.com/v1", api_key=KEY)
        return made

    def test_list(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in (1, 10):
            for _ in range(number):
                ModelFactory()
            client.get(PROVIDERS)
            with django_assert_num_queries(3):  # user, count, rows with how many models
                shown = rows(client.get(PROVIDERS))
        assert {row.models_count for row in shown if row.kind == "openai"} == {1}

    def test_made(self, client: Client) -> None:
        body = fields_of(client, f"{PROVIDERS}add/", name="ours", base_url=" http://10.0.0.5:8080/v1 ", key=KEY)
        assert client.post(f"{PROVIDERS}add/", body).status_code == 302
        made = Provider.objects.get(name="ours")
        assert (made.base_url, made.api_key, made.kind) == ("http://10.0.0.5:8080/v1", KEY, "openai")

    def test_a_key_is_never_shown(self, client: Client, provider: Provider) -> None:
        path = f"{PROVIDERS}{provider.pk}/change/"
        page = client.get(path).content.decode()
        assert "Set, ends in …abcd." in page
        assert KEY not in page
        wrong = client.post(path, fields_of(client, path, name="", key="sk-another-one-9876543210"))
        assert "name" in errors(wrong)
        assert "sk-another-one" not in wrong.content.decode()
        for address in (PROVIDERS, f"{PROVIDERS}{provider.pk}/history/"):
            assert KEY not in client.get(address).content.decode()

    @pytest.mark.parametrize(
        ("change", "kept"),
        [({}, KEY), ({"key": "sk-new"}, "sk-new"), ({"remove_key": "on"}, "")],
    )
    def test_a_key_stays_changes_or_goes(
        self, client: Client, provider: Provider, change: dict[str, str], kept: str
    ) -> None:
        path = f"{PROVIDERS}{provider.pk}/change/"
        assert client.post(path, fields_of(client, path, timeout=7, **change)).status_code == 302
        provider.refresh_from_db()
        assert (provider.api_key, provider.timeout) == (kept, 7)

    def test_a_key_that_cannot_be_read_is_said_to_be(self, client: Client, provider: Provider, settings: Any) -> None:
        settings.SECRETS_KEYS = [make_key()]
        path = f"{PROVIDERS}{provider.pk}/change/"
        assert "cannot be read: enter it again" in client.get(path).content.decode()
        assert client.post(path, fields_of(client, path, key="sk-new")).status_code == 302
        assert Provider.objects.get(pk=provider.pk).api_key == "sk-new"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"base_url": ""}, "base_url"),
            ({"base_url": "http://169.254.169.254/latest"}, "base_url"),
            ({"base_url": "https://two.example.com/v1"}, "key"),
            ({"key": "with blanks"}, "key"),
            ({"key": "sk-new", "remove_key": "on"}, "remove_key"),
            ({"kept_connections": 30}, "kept_connections"),
            ({"management_url": "http://example.com"}, "management_url"),
            ({"kind": "other"}, "kind"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(
        self, client: Client, provider: Provider, change: dict[str, Any], field: str
    ) -> None:
        path = f"{PROVIDERS}{provider.pk}/change/"
        assert list(errors(client.post(path, fields_of(client, path, **change)))) == [field]
        assert Provider.objects.get(pk=provider.pk).updated_at == provider.updated_at

    def test_curators_look_and_change_nothing(self, client: Client, provider: Provider, curator: User) -> None:
        path = f"{PROVIDERS}{provider.pk}/change/"
        assert KEY not in client.get(path).content.decode()
        assert client.post(path, {"name": "other"}).status_code == 403
        assert client.get(f"{PROVIDERS}add/").status_code == 403

    def test_one_with_models_stays(self, client: Client) -> None:
        model, empty = ModelFactory(), ProviderFactory()
        client.post(f"{PROVIDERS}{model.provider_id}/delete/", {"post": "yes"})
        client.post(f"{PROVIDERS}{empty.pk}/delete/", {"post": "yes"})
        assert Provider.objects.filter(pk=model.provider_id).exists()
        assert not Provider.objects.filter(pk=empty.pk).exists()


class TestModels:
    def test_list(self, client: Client, curator: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in (1, 10):
            for _ in range(number):
                AliasFactory(models=[ModelFactory()])
            client.get(MODELS)
            with django_assert_num_queries(5):  # user, count, rows with their providers, their places, the aliases
                rows(client.get(MODELS))

    def test_made_and_priced(self, client: Client, curator: User) -> None:
        provider = ProviderFactory()
        changes = {"provider": provider.pk, "name": "small-one", "remote_name": "Small/One", "price_in": "0.15"}
        body = fields_of(client, f"{MODELS}add/", **changes, price_out="0.6")
        assert client.post(f"{MODELS}add/", body).status_code == 302
        made = ServedModel.objects.get(name="small-one")
        assert (made.provider, str(made.price_in), str(made.price_out)) == (provider, "0.150000", "0.600000")
        assert "$0.15 / $0.6" in client.get(f"{MODELS}?q=small-one").content.decode()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"name": "taken"}, "name"),
            ({"name": "Large"}, "name"),
            ({"price_in": "-1"}, "price_in"),
            ({"max_output_tokens": 9000}, "max_output_tokens"),
            ({"operation": "embedding"}, "operation"),
            ({"remote_name": ""}, "remote_name"),
        ],
    )
    def test_what_is_wrong_is_shown_at_its_field(
        self, client: Client, curator: User, change: dict[str, Any], field: str
    ) -> None:
        model = ModelFactory()
        AliasFactory(name="taken", models=[model, ModelFactory()])
        path = f"{MODELS}{model.pk}/change/"
        assert list(errors(client.post(path, fields_of(client, path, **change)))) == [field]
        assert ServedModel.objects.get(pk=model.pk).updated_at == model.updated_at

    def test_one_in_an_alias_stays(self, client: Client, curator: User) -> None:
        used, free = ModelFactory(), ModelFactory()
        AliasFactory(models=[used])
        for model in (used, free):
            client.post(f"{MODELS}{model.pk}/delete/", {"post": "yes"})
        assert list(ServedModel.objects.filter(pk__in=[used.pk, free.pk])) == [used]


class TestAliases:
    @pytest.fixture(autouse=True)
    def anybody(self, curator: User) -> None:
        """A curator is enough."""

    def test_list(self, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in (1, 10):
            for _ in range(number):
                AliasFactory(models=[ModelFactory(), ModelFactory()])
            client.get(ALIASES)
            with django_assert_num_queries(5):  # user, count, rows, their places, the models
                rows(client.get(ALIASES))

    def order_of(self, name: str) -> list[str]:
        return [entry.model.name for entry in Alias.objects.get(name=name).entries.all()]

    def entries(self, *models: tuple[ServedModel, Any], first: int = 0) -> dict[str, Any]:
        body: dict[str, Any] = {"entries-TOTAL_FORMS": len(models), "entries-INITIAL_FORMS": first}
        for place, (model, position) in enumerate(models):
            body |= {f"entries-{place}-model": model.pk, f"entries-{place}-position": position}
        return body

    def test_made_with_models_in_the_order_of_their_numbers(self, client: Client) -> None:
        first, second, last = ModelFactory(), ModelFactory(), ModelFactory()
        body = self.entries((last, ""), (second, 7), (first, 0))
        path = f"{ALIASES}add/"
        assert client.post(path, fields_of(client, path, name="sql", **body)).status_code == 302
        assert self.order_of("sql") == [first.name, second.name, last.name]

    def test_an_empty_row_that_dragging_numbered_is_still_empty(self, client: Client) -> None:
        one, two = ModelFactory(), ModelFactory()
        path = f"{ALIASES}{AliasFactory(name='sql', models=[one, two]).pk}/change/"
        changes = {"entries-0-position": 1, "entries-1-position": 0, "entries-2-position": 2}
        assert client.post(path, fields_of(client, path, **changes)).status_code == 302
        assert self.order_of("sql") == [two.name, one.name]

    def test_its_order_changes_and_models_leave(self, client: Client) -> None:
        one, two, three = ModelFactory(), ModelFactory(), ModelFactory()
        alias = AliasFactory(name="sql", models=[one, two, three])
        path = f"{ALIASES}{alias.pk}/change/"
        changes = {"entries-0-position": 5, "entries-1-position": 1, "entries-2-DELETE": "on"}
        assert client.post(path, fields_of(client, path, **changes)).status_code == 302
        assert self.order_of("sql") == [two.name, one.name]
        assert "Changed" in str(client.get(f"{ALIASES}{alias.pk}/history/").content)

    def test_saving_what_is_there_keeps_its_places(self, client: Client) -> None:
        alias = AliasFactory(models=[ModelFactory(), ModelFactory()])
        before = list(AliasModel.objects.filter(alias=alias).values_list("pk", "position"))
        path = f"{ALIASES}{alias.pk}/change/"
        assert client.post(path, fields_of(client, path, description="new")).status_code == 302
        assert list(AliasModel.objects.filter(alias=alias).values_list("pk", "position")) == before
        assert Alias.objects.get(pk=alias.pk).description == "new"

    def test_models_that_do_something_else_are_refused(self, client: Client) -> None:
        body = self.entries((ModelFactory(), 0), (ModelFactory(operation="embedding"), 1))
        path = f"{ALIASES}add/"
        response = client.post(path, fields_of(client, path, name="mixed", **body))
        assert "must do the same, and these do chat and embedding" in response.content.decode()
        assert not Alias.objects.filter(name="mixed").exists()

    def test_a_name_is_of_one_thing_only(self, client: Client) -> None:
        ModelFactory(name="taken")
        path = f"{ALIASES}add/"
        assert list(errors(client.post(path, fields_of(client, path, name="taken")))) == ["name"]

    def test_deleted_with_its_places(self, client: Client) -> None:
        alias = AliasFactory(models=[ModelFactory()])
        client.post(f"{ALIASES}{alias.pk}/delete/", {"post": "yes"})
        assert not AliasModel.objects.filter(alias_id=alias.pk).exists()


class TestBudgets:
    NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)

    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No day ends in the midst of a test."""
        monkeypatch.setattr(admin_budgets, "datetime", SimpleNamespace(now=lambda zone: self.NOW))

    def test_list_says_whose_and_what_is_spent(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in (1, 5):
            for _ in range(number):
                Budget.objects.create(user=UserFactory(), dollars=10)
                Budget.objects.create(key=ApiKeyFactory(), tokens=1000, period="day")
            client.get(BUDGETS)
            with django_assert_num_queries(4):  # user, count, rows with whose they are, what was spent
                rows(client.get(BUDGETS))
        alias = AliasFactory(name="cheap-one")
        budget = Budget.objects.create(alias=alias, dollars=5, tokens=2000, period="day")
        Spending.objects.create(budget=budget, since=self.NOW.date(), dollars="1.25", tokens=1500)
        page = client.get(f"{BUDGETS}?q=cheap-one").content.decode()
        assert "all that is asked of cheap-one" in page
        assert "$1.2500 of $5.00" in page
        assert "1,500 of 2,000" in page

    def test_what_was_spent_in_another_period_does_not_count(self, client: Client) -> None:
        budget = Budget.objects.create(user=UserFactory(), dollars=5)
        Spending.objects.create(budget=budget, since="2020-01-01", dollars=4)
        page = client.get(f"{BUDGETS}{budget.pk}/change/").content.decode()
        assert "$0.0000 of $5.00" in page
        assert "no limit" in page

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({"dollars": 5}, "Choose one of key, person and alias."),
            ({"user": True, "alias": True, "dollars": 5}, "Choose one of key, person and alias."),
            ({"user": True}, "Give dollars, tokens or both."),
            ({"user": True, "dollars": -1}, "greater than or equal to 0"),
        ],
    )
    def test_what_is_wrong_is_said(self, client: Client, admin: User, given: dict[str, Any], reason: str) -> None:
        whose = {"user": admin.pk, "alias": AliasFactory().pk}
        changes = {name: whose.get(name, value) for name, value in given.items()}
        path = f"{BUDGETS}add/"
        response = client.post(path, fields_of(client, path, **changes))
        assert response.status_code == 200
        assert reason in response.content.decode()
        assert not Budget.objects.exists()

    def test_set_and_taken_away(self, client: Client, admin: User) -> None:
        path = f"{BUDGETS}add/"
        assert client.post(path, fields_of(client, path, user=admin.pk, dollars="12.50")).status_code == 302
        budget = Budget.objects.get()
        assert (budget.user, str(budget.dollars), budget.period) == (admin, "12.5000", "month")
        client.post(f"{BUDGETS}{budget.pk}/delete/", {"post": "yes"})
        assert not Budget.objects.exists()

    def test_curators_look_and_change_nothing(self, client: Client, curator: User) -> None:
        budget = Budget.objects.create(user=curator, tokens=5)
        assert client.get(f"{BUDGETS}{budget.pk}/change/").status_code == 200
        assert client.post(f"{BUDGETS}{budget.pk}/change/", {"tokens": 9}).status_code == 403
