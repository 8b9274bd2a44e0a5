"""Models, aliases and providers over the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.audit.models import AuditEntry
from apps.inference.models import Alias, ServedModel
from apps.users.roles import Role
from apps.users.scopes import INFERENCE_READ, INFERENCE_USE, INFERENCE_WRITE, SCOPES
from tests.api import client_of, client_with_key, fault, names
from tests.inference.factories import AliasFactory, ModelFactory, ProviderFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BASE = "/api/v1/inference/"
MODELS, ALIASES, PROVIDERS = (f"{BASE}{name}/" for name in ("models", "aliases", "providers"))
KEY = "sk-test-0123456789-abcd"


def send(client: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return getattr(client, method)(path, body, format="json", headers=headers)


class TestReading:
    def test_models_with_their_prices_and_aliases(self) -> None:
        model = ModelFactory(price_in="0.15", price_out="0.6", tier="small")
        AliasFactory(name="sql", models=[model])
        read = client_with_key(INFERENCE_USE, role=Role.VIEWER).get(f"{MODELS}{model.pk}/").json()
        assert (read["price_in"], read["price_out"], read["tier"], read["aliases"]) == (0.15, 0.6, "small", ["sql"])
        assert read["provider"] == model.provider.name

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("provider=here", ["a", "b"]),
            ("provider=here&operation=embedding", ["b"]),
            ("provider=here&tier=small", ["a"]),
            ("alias=sql", ["a"]),
            ("provider=here&active=false", ["b"]),
            ("provider=there", []),
        ],
    )
    def test_models_are_filtered(self, query: str, found: list[str]) -> None:
        provider = ProviderFactory(name="here")
        first = ModelFactory(provider=provider, name="a", tier="small")
        ModelFactory(provider=provider, name="b", operation="embedding", is_active=False)
        AliasFactory(name="sql", models=[first])
        assert names(client_of().get(f"{MODELS}?{query}")) == found

    @pytest.mark.parametrize("query", ["tier=huge", "active=perhaps", "operation=dance", "colour=red"])
    def test_filters_that_make_no_sense_are_named(self, query: str) -> None:
        assert fault(client_of().get(f"{MODELS}?{query}")) == query.partition("=")[0]

    def test_aliases_have_their_models_in_order(self) -> None:
        first, second = ModelFactory(), ModelFactory()
        alias = AliasFactory(models=[second, first])
        client = client_with_key(INFERENCE_USE, role=Role.SERVICE)
        assert client.get(f"{ALIASES}{alias.pk}/").json()["models"] == [second.name, first.name]
        assert names(client.get(f"{ALIASES}?model={first.name}")) == [alias.name]

    def test_providers_without_their_keys(self) -> None:
        provider = ProviderFactory(base_url="https://one.example.com/v1", api_key=KEY)
        program = client_with_key(INFERENCE_READ, role=Role.SERVICE)
        shown = program.get(f"{PROVIDERS}{provider.pk}/")
        assert (shown.json()["base_url"], shown.json()["has_key"], shown.json()["models"]) == (None, True, 0)
        curator = client_of(Role.CURATOR).get(PROVIDERS)
        assert "https://one.example.com/v1" in [row["base_url"] for row in curator.json()["results"]]
        for answer in (shown, curator):
            assert KEY not in answer.content.decode()

    @pytest.mark.parametrize(("path", "queries"), [(MODELS, 5), (ALIASES, 5), (PROVIDERS, 3)])
    def test_lists_cost_as_many_queries_for_many_as_for_one(
        self, path: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of()
        for number in (1, 10):
            for _ in range(number):
                AliasFactory(models=[ModelFactory()])
            client.get(path)
            with django_assert_num_queries(
                queries
            ):  # user, count, rows, and of models and aliases what belongs to them
                assert client.get(f"{path}?page_size=20").status_code == 200

    @pytest.mark.parametrize("path", [MODELS, ALIASES, PROVIDERS])
    def test_what_is_not_there_is_a_404(self, path: str) -> None:
        assert client_of().get(f"{path}999999/").status_code == 404


class TestModels:
    def test_added(self) -> None:
        provider = ProviderFactory(name="here")
        body = {"provider": "here", "name": "new", "price_in": 2.5, "operation": "chat"}
        made = send(client_of(), "post", MODELS, body)
        assert made.status_code == 201
        model = ServedModel.objects.get(name="new")
        assert made["Location"].endswith(f"{MODELS}{model.pk}/")
        assert (model.provider, model.remote_name, float(model.price_in)) == (provider, "new", 2.5)
        assert AuditEntry.objects.filter(object_pk=str(model.pk), content_type__model="servedmodel").exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"provider": "none"}, "provider"),
            ({"name": "Not A Name"}, "name"),
            ({"name": "taken"}, "name"),
            ({"name": ""}, "name"),
            ({"price_in": -1}, "price_in"),
            ({"price_in": "much"}, "price_in"),
            ({"tier": "huge"}, "tier"),
            ({"context_tokens": 10, "max_output_tokens": 20}, "max_output_tokens"),
            ({"batch_size": 10**9}, "batch_size"),
            ({"api_key": "x"}, "api_key"),
        ],
    )
    def test_what_is_wrong_is_named_and_adds_nothing(self, body: dict[str, Any], field: str) -> None:
        ProviderFactory(name="here")
        AliasFactory(name="taken")
        before = ServedModel.objects.count()
        assert fault(send(client_of(), "post", MODELS, {"provider": "here", "name": "new", **body})) == field
        assert ServedModel.objects.count() == before

    def test_only_what_is_sent_changes(self) -> None:
        model = ModelFactory(price_in=1, price_out=2)
        changed = send(client_of(), "patch", f"{MODELS}{model.pk}/", {"price_out": 3})
        assert (changed.json()["price_in"], changed.json()["price_out"]) == (1, 3)

    def test_a_write_is_meant_for_one_revision(self) -> None:
        client, path = client_of(), f"{MODELS}{ModelFactory().pk}/"
        etag = client.get(path)["ETag"]
        changed = send(client, "patch", path, {"batch_size": 8}, **{"If-Match": etag})
        assert changed.status_code == 200
        assert changed["ETag"] != etag
        assert send(client, "patch", path, {"batch_size": 9}, **{"If-Match": etag}).status_code == 412
        assert send(client, "delete", path, **{"If-Match": etag}).status_code == 412
        assert client.get(path).json()["batch_size"] == 8

    def test_the_same_write_twice_adds_once(self) -> None:
        ProviderFactory(name="here")
        client, body = client_of(), {"provider": "here", "name": "new"}
        first, second = (send(client, "post", MODELS, body, **{"Idempotency-Key": "one"}) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 201)
        assert second["Idempotent-Replayed"] == "true"

    def test_deleted_unless_an_alias_has_it(self) -> None:
        used, free = ModelFactory(), ModelFactory()
        AliasFactory(name="sql", models=[used])
        client = client_of()
        refused = send(client, "delete", f"{MODELS}{used.pk}/")
        assert refused.status_code == 409
        assert "sql" in refused.json()["detail"]
        assert send(client, "delete", f"{MODELS}{free.pk}/").status_code == 204
        assert not ServedModel.objects.filter(pk=free.pk).exists()


class TestAliases:
    def test_added_and_put_in_another_order(self) -> None:
        first, second = ModelFactory(), ModelFactory()
        client = client_of()
        made = send(client, "post", ALIASES, {"name": "sql", "models": [first.name, second.name]})
        assert made.status_code == 201
        path = f"{ALIASES}{made.json()['id']}/"
        assert send(client, "patch", path, {"description": "d"}).json()["models"] == [first.name, second.name]
        assert send(client, "patch", path, {"cache": "exact"}).json()["cache"] == "exact"
        own = {"cache": "semantic", "cache_public": True, "cache_seconds": 90, "cache_threshold": 0.95}
        assert own.items() <= send(client, "patch", path, own).json().items()
        back = {"cache_seconds": None, "cache_threshold": None}
        assert back.items() <= send(client, "patch", path, back).json().items()
        changed = send(client, "patch", path, {"models": [second.name]}, **{"If-Match": client.get(path)["ETag"]})
        assert changed.json()["models"] == [second.name]
        assert send(client, "delete", path).status_code == 204
        assert not Alias.objects.filter(name="sql").exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"models": ["chat", "vectors"]}, "models"),
            ({"models": ["chat", "chat"]}, "models"),
            ({"models": ["none"]}, "models"),
            ({"models": ["chat"] * 21}, "models"),
            ({"models": "chat"}, "models"),
            ({"name": "chat"}, "name"),
            ({"name": "UPPER"}, "name"),
            ({"cache": "always"}, "cache"),
            ({"cache_public": "perhaps"}, "cache_public"),
            ({"cache_seconds": 0}, "cache_seconds"),
            ({"cache_seconds": 31 * 86_400}, "cache_seconds"),
            ({"cache_threshold": 0.4}, "cache_threshold"),
            ({"cache_threshold": 1}, "cache_threshold"),
            ({"cache_threshold": "nan"}, "cache_threshold"),
            ({"description": "x" * 301}, "description"),
        ],
    )
    def test_what_is_wrong_is_named_and_changes_nothing(self, body: dict[str, Any], field: str) -> None:
        ModelFactory(name="chat")
        ModelFactory(name="vectors", operation="embedding")
        client = client_of()
        assert fault(send(client, "post", ALIASES, {"name": "new", **body})) == field
        assert not Alias.objects.filter(name="new").exists()
        alias = AliasFactory(models=[ModelFactory()])
        assert fault(send(client, "patch", f"{ALIASES}{alias.pk}/", body)) == field
        assert Alias.objects.get(pk=alias.pk).updated_at == alias.updated_at


class TestRights:
    @pytest.fixture
    def paths(self) -> dict[str, str]:
        alias = AliasFactory(models=[ModelFactory()])
        return {"alias": f"{ALIASES}{alias.pk}/", "model": f"{MODELS}{ModelFactory().pk}/"}

    def test_writing_is_for_curators_with_the_scope(self, paths: dict[str, str]) -> None:
        others = [scope for scope in SCOPES if scope != INFERENCE_WRITE]
        for client in (client_of(Role.VIEWER), client_with_key(*others), client_with_key(*SCOPES, role=Role.SERVICE)):
            for path in paths.values():
                assert send(client, "patch", path, {"is_active": False}).status_code == 403
        for client in (client_of(Role.CURATOR), client_with_key(INFERENCE_WRITE)):
            for path in paths.values():
                assert send(client, "patch", path, {"is_active": False}).status_code == 200

    def test_providers_are_written_by_nobody_here(self) -> None:
        path = f"{PROVIDERS}{ProviderFactory().pk}/"
        client = client_of(Role.ADMIN)
        assert send(client, "patch", path, {"base_url": "https://x.example.com"}).status_code == 405
        assert send(client, "post", PROVIDERS, {"name": "new"}).status_code == 405
