"""Models, aliases and providers over the API. Providers, which have keys, are kept in the back office."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Count, Model
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.errors import InvalidInput
from apps.core.etags import check_precondition, make_etag
from apps.core.openapi import describe_edit, describe_read, describe_write
from apps.inference import curating
from apps.inference import serializers_curated as serializers
from apps.inference.filters_curated import AliasFilter, ModelFilter, ProviderFilter
from apps.inference.models import Alias, Provider, ServedModel
from apps.inference.standing import read_breakers

Row = TypeVar("Row", bound=Model)

SEE_PROVIDERS = "inference.view_provider"
ETAG_NOTE = "The answer's `ETag` names its revision, for `If-Match`."


class CuratedViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """What is curated, by name. A write is meant for the revision that `If-Match` names, if it names one."""

    lookup_value_converter = "int"

    def find_locked(self, rows: type[Row]) -> Row:
        row = get_object_or_404(rows._default_manager.select_for_update(), pk=self.kwargs["pk"])
        check_precondition(self.request, tag(row))
        return row

    def show(self, pk: int, **options: Any) -> Response:
        row = self.get_queryset().get(pk=pk)
        response = Response(self.get_serializer(row).data, **options)
        response["ETag"] = tag(row)
        return response

    def show_new(self, route: str, pk: int) -> Response:
        return self.show(pk, status=201, headers={"Location": reverse(route, args=[pk], request=self.request)})


class ModelViewSet(CuratedViewSet):
    """What can be asked."""

    queryset = ServedModel.objects.select_related("provider").prefetch_related("entries__alias").order_by("name")
    serializer_class = serializers.ServedModelSerializer
    filterset_class = ModelFilter

    @describe_read(
        "List models",
        {200: serializers.ServedModelSerializer(many=True)},
        description="What each can do, its limits and its prices, by name.",
        operation_id="inference_models_list",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_read(
        "Get a model",
        {200: serializers.ServedModelSerializer},
        errors=[404],
        description=ETAG_NOTE,
        operation_id="inference_models_get",
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return self.show(self.get_object().pk)

    @describe_write(
        "Add a model",
        {201: serializers.ServedModelSerializer},
        request=serializers.NewModelSerializer,
        description="Of a provider that is there. At prices of 0 it counts as free. " + ETAG_NOTE,
        operation_id="inference_models_create",
    )
    def create(self, request: Request) -> Response:
        fields = self.read_body(request, serializers.NewModelSerializer)
        fields["provider"] = find_provider(fields["provider"])
        fields.setdefault("remote_name", fields["name"])
        model = curating.save_model(model=ServedModel(**fields))
        return self.show_new("api:inference-model-detail", model.pk)

    @describe_edit(
        "Change a model",
        {200: serializers.ServedModelSerializer},
        request=serializers.ModelChangesSerializer,
        description="Only the fields sent change.",
        operation_id="inference_models_change",
    )
    @transaction.atomic
    def partial_update(self, request: Request, pk: int) -> Response:
        model = self.find_locked(ServedModel)
        changes = self.read_body(request, serializers.ModelChangesSerializer)
        curating.save_model(model=curating.change(model, changes))
        return self.show(pk)

    @describe_edit(
        "Delete a model",
        {204: None},
        description="Not one that an alias has (409). Records of its calls stay.",
        operation_id="inference_models_delete",
    )
    @transaction.atomic
    def destroy(self, request: Request, pk: int) -> Response:
        curating.delete(self.find_locked(ServedModel))
        return Response(status=204)


class AliasViewSet(CuratedViewSet):
    """Names that stay while the models behind them change."""

    queryset = Alias.objects.prefetch_related("entries__model").order_by("name")
    serializer_class = serializers.AliasSerializer
    filterset_class = AliasFilter

    @describe_read(
        "List aliases",
        {200: serializers.AliasSerializer(many=True)},
        description="Each with its models in order, by name.",
        operation_id="inference_aliases_list",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_read(
        "Get an alias",
        {200: serializers.AliasSerializer},
        errors=[404],
        description=ETAG_NOTE,
        operation_id="inference_aliases_get",
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return self.show(self.get_object().pk)

    @describe_write(
        "Add an alias",
        {201: serializers.AliasSerializer},
        request=serializers.NewAliasSerializer,
        description="Its models do the same. " + ETAG_NOTE,
        operation_id="inference_aliases_create",
    )
    def create(self, request: Request) -> Response:
        fields = self.read_body(request, serializers.NewAliasSerializer)
        models = find_models(fields.pop("models", []))
        alias = curating.save_alias(alias=Alias(**fields), models=models)
        return self.show_new("api:inference-alias-detail", alias.pk)

    @describe_edit(
        "Change an alias",
        {200: serializers.AliasSerializer},
        request=serializers.AliasChangesSerializer,
        description="Only the fields sent change; `models` is the whole order.",
        operation_id="inference_aliases_change",
    )
    @transaction.atomic
    def partial_update(self, request: Request, pk: int) -> Response:
        alias = self.find_locked(Alias)
        changes = self.read_body(request, serializers.AliasChangesSerializer)
        names = changes.pop("models", None)
        models = None if names is None else find_models(names)
        curating.save_alias(alias=curating.change(alias, changes), models=models)
        return self.show(pk)

    @describe_edit(
        "Delete an alias",
        {204: None},
        description="Its models stay, and its budgets go with it.",
        operation_id="inference_aliases_delete",
    )
    @transaction.atomic
    def destroy(self, request: Request, pk: int) -> Response:
        curating.delete(self.find_locked(Alias))
        return Response(status=204)


class ProviderViewSet(CuratedViewSet):
    """Where models answer from."""

    queryset = Provider.objects.annotate(models_count=Count("models")).order_by("name")
    serializer_class = serializers.ProviderSerializer
    filterset_class = ProviderFilter

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):  # drf-spectacular looks at the fields, and asks for nothing
            return context
        shows = self.request.user.has_perm(SEE_PROVIDERS)
        return {**context, "shows_addresses": shows, "breakers": read_breakers()}

    @describe_read(
        "List providers",
        {200: serializers.ProviderSerializer(many=True)},
        description="By name, with how their breakers stand. Keys are in no answer.",
        operation_id="inference_providers_list",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_read(
        "Get a provider",
        {200: serializers.ProviderSerializer},
        errors=[404],
        description=ETAG_NOTE,
        operation_id="inference_providers_get",
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return self.show(self.get_object().pk)


def tag(row: Any) -> str:
    """These have no revisions of their own: the moment of the last change names it, to the microsecond."""
    return make_etag(row.pk, int(row.updated_at.timestamp() * 1_000_000))


def find_provider(name: str) -> Provider:
    """Raises InvalidInput naming `provider`."""
    provider = Provider.objects.filter(name=name).first()
    if provider is None:
        raise InvalidInput({"provider": "is the name of no provider"})
    return provider


def find_models(names: Sequence[str]) -> list[ServedModel]:
    """In their order. Raises InvalidInput naming `models`."""
    known = {model.name: model for model in ServedModel.objects.filter(name__in=names)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidInput({"models": f"{unknown[0][:100]} is no model"})
    return [known[name] for name in names]
