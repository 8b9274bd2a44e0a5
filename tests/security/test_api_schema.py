"""The API against its own description: whatever is sent, it answers with a status and a body that the schema knows."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.users.access.routes import Route, walk_routes
from apps.users.roles import Role
from tests.users.access.askers import Asker, Kind
from tests.users.access.world import PLACE, World

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.slow(seconds=20)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=settings.default.max_examples // 8,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def api(world: World) -> Iterator[schemathesis.BaseSchema]:
    """Django closes old connections after requests; the one of the test is to stay, as for its own client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def program(world: World) -> Asker:
    """An admin's key with every scope."""
    return next(one for one in world.askers.programs if one.kind is Kind.KEY and one.role == Role.ADMIN)


def operations_of(api: schemathesis.BaseSchema) -> Iterator[schemathesis.APIOperation]:
    for result in api.get_all_operations():
        yield result.ok()


def find_route(path: str) -> Route:
    """The route that the schema calls `path`, such as `/api/v1/functions/{id}/`."""
    shape = re.sub(r"\{\w+\}", "{}", path)
    return next(route for route in walk_routes() if f"/{PLACE.sub('{}', route.pattern)}" == shape)


def find_parameters(world: World, path: str, program: Asker) -> dict[str, str]:
    """What to write into the path so that there is something at it."""
    address = world.find_address(find_route(path), program.user)
    pairs = zip(path.split("/"), address.split("/"), strict=True)
    return {name.strip("{}"): value for name, value in pairs if name.startswith("{")}


def explore(operation: schemathesis.APIOperation, world: World, program: Asker) -> list[str]:
    """Sends what the schema allows, half of the time to something that is there; what was wrong with the answers."""
    wrong: dict[str, str] = {}
    headers = {"Authorization": f"Bearer {program.bearer}"}

    @given(case=operation.as_strategy(), is_there=st.booleans())
    @BOUNDED
    def send(case: schemathesis.Case, is_there: bool) -> None:
        with transaction.atomic():
            if is_there and case.path_parameters:
                case.path_parameters.update(find_parameters(world, operation.path, program))
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                wrong.setdefault(f"{operation.label}: {failure}", describe(case, response))

    send()
    return [f"{said}\n{how}" for said, how in wrong.items()]


def describe(case: schemathesis.Case, response: Any) -> str:
    sent = f"{case.method} {case.formatted_path} {case.query} {case.headers} {str(case.body)[:300]}"
    return f"{sent}\n -> {response.status_code} {response.content[:600]!r}"


def test_every_answer_is_as_the_schema_says(api: schemathesis.BaseSchema, world: World, program: Asker) -> None:
    found = [fault for operation in operations_of(api) for fault in explore(operation, world, program)]
    assert found == [], "\n\n".join(found)


def test_every_operation_is_in_the_schema(api: schemathesis.BaseSchema) -> None:
    described = {re.sub(r"\{\w+\}", "{}", operation.path) for operation in operations_of(api)}
    left_out = {"/api/v1/schema/", "/api/v1/docs/"}
    routes = {f"/{PLACE.sub('{}', route.pattern)}" for route in walk_routes() if route.name.startswith("api:")}
    assert routes - described == left_out
