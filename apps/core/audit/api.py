"""The audit log over the API, for admins."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter, FilterSet, IsoDateTimeFilter
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.audit.models import AuditEntry
from apps.core.audit.presenting import as_record
from apps.core.errors import InvalidInput
from apps.core.openapi import describe_read


class AuditFilter(FilterSet):
    actor = CharFilter(method="keep_actor", help_text="The e-mail address of who did it, or the number of the account.")
    action = CharFilter(field_name="event", help_text="Exactly this, such as `created` or `key.revoked`.")
    object = CharFilter(
        method="keep_object", help_text="A kind of row, as in `users.user`, or one row, as in `users.user:7`."
    )
    request_id = CharFilter(field_name="cid", help_text="What one request did: its `X-Request-ID`.")
    since = IsoDateTimeFilter(field_name="timestamp", lookup_expr="gte", help_text="Not before this time (ISO 8601).")
    until = IsoDateTimeFilter(field_name="timestamp", lookup_expr="lt", help_text="Before this time (ISO 8601).")

    class Meta:
        model = AuditEntry
        fields: list[str] = []

    def keep_actor(self, entries: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        if value.isascii() and value.isdigit() and len(value) < 19:
            return entries.filter(actor_id=int(value))
        return entries.filter(actor_email=value.strip().lower())

    def keep_object(self, entries: QuerySet[AuditEntry], name: str, value: str) -> QuerySet[AuditEntry]:
        kind, _, key = value.partition(":")
        app, dot, model = kind.lower().partition(".")
        if not (app and dot and model):
            raise InvalidInput({"object": "must be a kind of row such as users.user, or one row such as users.user:7"})
        about = Q(content_type__app_label=app, content_type__model=model)
        return entries.filter(about & Q(object_pk=key) if key else about)


class AuditEntrySerializer(serializers.Serializer[AuditEntry]):
    id = serializers.IntegerField()
    time = serializers.DateTimeField()
    action = serializers.CharField(help_text="`created`, `changed` or `deleted` of a row, or what else was done.")
    actor_id = serializers.IntegerField(allow_null=True)
    actor = serializers.CharField(help_text="The e-mail address that the actor had; empty for nobody signed in.")
    address = serializers.CharField(help_text="Where it was asked from.")
    request_id = serializers.CharField()
    object_type = serializers.CharField(help_text="Empty when it is about no row.")
    object_id = serializers.CharField()
    object = serializers.CharField()
    changes = serializers.DictField(help_text="Each field with its value before and after.")
    facts = serializers.DictField(help_text="What else is known: the path, the key that was used, how many rows.")

    def to_representation(self, entry: AuditEntry) -> dict[str, Any]:
        return as_record(entry)


class AuditViewSet(ListModelMixin, ViewSetMixin, ApiView):
    queryset = AuditEntry.objects.newest_first().select_related("content_type")
    serializer_class = AuditEntrySerializer
    filterset_class = AuditFilter

    @describe_read(
        "List what was done",
        {200: AuditEntrySerializer(many=True)},
        description="Who did what, when, from where, and what it was before and after. Newest first.",
        operation_id="audit_list",
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)
