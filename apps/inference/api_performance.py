"""How models perform, and one's own calls of them, over the API."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.openapi import describe_read, describe_write
from apps.inference import serializers
from apps.inference.filters import CallFilter
from apps.inference.lists import SEE_ALL
from apps.inference.models import Call
from apps.inference.performance.reading import read_figures
from apps.inference.performance.resetting import reset_performance
from apps.inference.performance.windows import Window
from apps.inference.standing import list_cache_standings, list_standings


def choose_owner(user: Any, whose: str | None) -> int | None:
    """Whose figures somebody gets: None is everybody's. Raises PermissionDenied."""
    may_see_all = user.has_perm(SEE_ALL)
    if whose == "all" and not may_see_all:
        raise PermissionDenied("Everybody's figures are for who may see calls of models. Ask for whose=own.")
    return None if may_see_all and whose != "own" else int(user.pk)


def list_breakers(user: Any) -> list[dict[str, Any]]:
    return [
        {
            "provider": state.provider,
            "state": state.state.value,
            "failures": state.failures,
            "retry_after": round(state.retry_after, 1),
        }
        for state in list_standings(user)
    ]


class PerformanceView(ApiView):
    """Requests, tiers, caches, latencies, errors and cost."""

    query_serializer_classes = {"GET": serializers.PerformanceQuerySerializer}

    @describe_read(
        "Read how models perform",
        {200: serializers.PerformanceSerializer},
        parameters=[serializers.PerformanceQuerySerializer],
        description="Counted by the minute, what is older than nine days by the hour, and than 90 days by the day. "
        "Latencies are counted in buckets: percentiles are interpolated between "
        "the bounds of the bucket that they lie in.",
        operation_id="inference_performance",
    )
    def get(self, request: Request) -> Response:
        wanted = self.read_query(request)
        owner = choose_owner(request.user, wanted.get("whose"))
        figures = read_figures(Window(wanted["window"]), owner=owner)
        cache_types = list_cache_standings(request.user) if owner is None else ()
        told = {**figures.as_dict(), "cache_types": cache_types, "breakers": list_breakers(request.user)}
        return Response(serializers.PerformanceSerializer(told).data)


class PerformanceResetView(ApiView):
    """The mark from which figures since the last reset count."""

    @describe_write(
        "Begin the figures since the last reset anew",
        {200: serializers.ResetSerializer},
        description="Deletes nothing: hours, days and weeks stay as they are. It is noted in the audit log.",
        operation_id="inference_performance_reset",
    )
    def post(self, request: Request) -> Response:
        return Response(serializers.ResetSerializer({"since": reset_performance(by=request.user)}).data)


class CallViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """One's own calls."""

    queryset = Call.objects.all()
    serializer_class = serializers.CallSerializer
    filterset_class = CallFilter

    def get_queryset(self) -> QuerySet[Call]:
        return Call.objects.filter(user=self.request.user.pk).order_by("-at", "-pk")

    @describe_read(
        "List your own calls of models",
        {200: serializers.CallSerializer(many=True)},
        description="Newest first, with what was tried and what it cost; texts are in no answer of the API.",
        operation_id="inference_calls_list",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)
