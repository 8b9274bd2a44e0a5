"""Writes of what is curated: checked whole, noted in the audit log, and known here from the next call on.

Other processes see it a second later (`curated.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connection, transaction
from django.db.models import Model, ProtectedError

from apps.core.audit import record
from apps.core.errors import Conflict, InvalidInput
from apps.core.secrets.fields import UnreadableText
from apps.inference.caching.watching import begin_anew
from apps.inference.curated import forget_curated
from apps.inference.models import Alias, AliasModel, Budget, Provider, ServedModel

Row = TypeVar("Row", bound=Model)

NAMES_LOCK = 4_718_203
"""The advisory lock of who gives a name: models and aliases are two tables with one namespace."""
MAX_KEY = 500
MAX_MODELS = 20
"""Of an alias."""
SHOWN_OF_KEY = 4
LEAST_SHOWN = 16
"""Of a key with fewer characters nothing is shown: its end would be too much of it."""


def save_provider(*, provider: Provider, key: str | None = None) -> Provider:
    """`key` is a new one, "" takes away what there is, and None keeps it.

    Raises InvalidInput naming the field, `key` among them.
    """
    check_key(provider, key)
    if key is not None:
        provider.api_key = key
    return save(provider)


def check_key(provider: Provider, key: str | None) -> None:
    """Raises InvalidInput naming `key`: also where the one that is kept would go to a host that it was not meant for.

    Nobody is shown a key, so who may change an address must not have it sent to themselves either.
    """
    if key and (len(key) > MAX_KEY or any(not 32 < ord(character) < 127 for character in key)):
        raise InvalidInput({"key": f"has at most {MAX_KEY} characters, letters, digits and signs without blanks"})
    before = Provider.objects.filter(pk=provider.pk).first() if provider.pk else None
    if key is None and before is not None and before.api_key and list_servers(provider) - list_servers(before):
        raise InvalidInput({"key": "was given for the former address: enter it again, or take it away"})


def list_servers(provider: Provider) -> set[str]:
    """Where its key is sent to. The same server without its TLS is another one."""
    return {name_server(url.strip()) for url in (provider.base_url, provider.management_url) if url.strip()}


def name_server(url: str) -> str:
    """What is no address names itself: `save` says what is wrong with it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"


def describe_key(provider: Provider) -> str:
    """What may be said of the key to who looks after the provider."""
    if isinstance(provider.api_key, UnreadableText):
        return f"What was kept {provider.api_key}."
    if not provider.api_key:
        return "None is set."
    shown = f", ends in …{provider.api_key[-SHOWN_OF_KEY:]}" if len(provider.api_key) >= LEAST_SHOWN else ""
    return f"Set{shown}."


def save_model(*, model: ServedModel) -> ServedModel:
    """Raises InvalidInput naming the field."""
    return save(model)


def save_alias(*, alias: Alias, models: Sequence[ServedModel] | None = None) -> Alias:
    """`models` are tried in their order; None leaves those that there are. Raises InvalidInput naming the field.

    With another least probability for other words, what is known of wrong answers begins anew.
    """
    if models is not None:
        check_together(models)
    with transaction.atomic():
        before = Alias.objects.filter(pk=alias.pk).first()
        save(alias)
        if before is not None and before.cache_threshold != alias.cache_threshold:
            begin_anew(alias.pk)
        if models is not None:
            put_models(alias, models)
    return alias


def check_together(models: Sequence[ServedModel]) -> None:
    """Whether they can stand in for each other. Raises InvalidInput naming `models`."""
    if len(models) > MAX_MODELS:
        raise InvalidInput({"models": f"are more than {MAX_MODELS}"})
    if len({model.pk for model in models}) < len(models):
        raise InvalidInput({"models": "name one of them twice"})
    operations = sorted({model.operation for model in models})
    if len(operations) > 1:
        raise InvalidInput({"models": f"must do the same, and these do {' and '.join(operations)}"})


def put_models(alias: Alias, models: Sequence[ServedModel]) -> None:
    """One entry in the log for the whole order, where there would be one for each place."""
    entries = alias.entries.select_related("model")
    before = [entry.model for entry in entries]
    if before == list(models):
        return
    entries.all().delete()
    AliasModel.objects.bulk_create(
        AliasModel(alias=alias, model=model, position=position) for position, model in enumerate(models)
    )
    names = [[str(one) for one in order] for order in (before, models)]
    record("alias.models", subject=alias, before={"models": names[0]}, after={"models": names[1]})


def save_budget(*, budget: Budget) -> Budget:
    """Raises InvalidInput naming the field, or nothing where it is no single one."""
    return save(budget)


def change(row: Row, changes: Mapping[str, object]) -> Row:
    """The row with these fields set, not saved."""
    for name, value in changes.items():
        setattr(row, name, value)
    return row


@transaction.atomic
def save(row: Row) -> Row:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NAMES_LOCK])
    with named_errors():
        row.full_clean()
    row.save()
    transaction.on_commit(forget_curated)
    return row


@transaction.atomic
def delete(row: Model) -> None:
    """Raises Conflict for what others are made of."""
    try:
        row.delete()
    except ProtectedError as error:
        users = ", ".join(sorted({str(user) for user in error.protected_objects}))
        raise Conflict(f"{row} is in use: {users}") from error
    transaction.on_commit(forget_curated)


@contextmanager
def named_errors() -> Iterator[None]:
    """Django's errors of fields as ours."""
    try:
        yield
    except ValidationError as error:
        found = {
            name if name != NON_FIELD_ERRORS else "": " ".join(reasons) for name, reasons in error.message_dict.items()
        }
        raise InvalidInput(found) from error
