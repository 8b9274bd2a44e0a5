"""Writing to the log."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from auditlog.context import disable_auditlog
from auditlog.receivers import log_delete
from auditlog.registry import auditlog
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete
from django.http import HttpRequest

from apps.core.audit.masking import is_secret
from apps.core.audit.models import AuditEntry
from apps.core.audit.source import acting, get_source


def record(
    action: str,
    /,
    *,
    request: HttpRequest | None = None,
    actor: AbstractBaseUser | None = None,
    actor_id: int | None = None,
    subject: Model | str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **facts: Any,
) -> AuditEntry:
    """Writes what was done and is no plain change of a row, such as `key.revoked`.

    Who and from where come from the request or job at work, unless they are given. `subject` is the row it was done
    to, or a few words. `before` and `after` hold fields; those that are the same in both are left out.
    """
    source = get_source()
    with acting(
        request=request if request is not None else source.request,
        actor=actor or source.actor,
        actor_id=actor_id if actor_id is not None else source.actor_id,
        **source.facts,
    ):
        return AuditEntry.objects.create(
            action=AuditEntry.Action.EVENT,
            event=action,
            changes=compare(before or {}, after or {}),
            additional_data=facts,
            **describe_subject(subject),
        )


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = [*before, *(name for name in after if name not in before)]
    pairs = {name: [before.get(name), after.get(name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def describe_subject(subject: Model | str | None) -> dict[str, Any]:
    if not isinstance(subject, Model):
        return {"object_repr": subject or "", "object_pk": ""}
    pk = subject.pk
    return {
        "content_type": ContentType.objects.get_for_model(subject),
        "object_pk": str(pk),
        "object_id": pk if isinstance(pk, int) else None,
        "object_repr": str(subject),
    }


def watch(model: type[Model], *, without: Collection[str] = (), secret: Collection[str] = ()) -> None:
    """Notes each row of the model that is made, changed or deleted by itself.

    `without` are fields that change on their own and say nothing. Of `secret` ones, and of those whose name says so,
    it is only noted that they changed. What goes past `save` and `delete` (update, bulk_create) is not seen.
    """
    kept = {"created_at", "updated_at", *without}
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key and field.name not in kept]
    auditlog.register(
        model,
        include_fields=names,
        mask_fields=[name for name in names if name in secret or is_secret(name)],
    )


def note_deletion(sender: type[Model], instance: Model, origin: object = None, **kwargs: Any) -> None:
    """For a row that is deleted. One that goes along with another, as cases with their suite, is told of by that."""
    of_many = isinstance(origin, QuerySet) and origin.model is sender
    if of_many or origin is None or origin is instance:
        log_delete(sender=sender, instance=instance, **kwargs)


auditlog._signals[post_delete] = note_deletion


@contextmanager
def quietly() -> Iterator[None]:
    """Rows that change within have no entries: whoever says so writes one for all of them."""
    with disable_auditlog():
        yield
