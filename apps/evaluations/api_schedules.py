"""Schedules over the API."""

from typing import Any

from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.openapi import describe_read, describe_write
from apps.evaluations import serializers
from apps.evaluations.api import find_suite
from apps.evaluations.filters import ScheduleFilter
from apps.evaluations.models import Schedule
from apps.evaluations.services.scheduling import (
    ScheduleStatus,
    delete_schedule,
    describe_schedules,
    save_schedule,
)

SETTINGS = ("words", "compare_with", "emails", "webhook_url")


class ScheduleViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """When suites are swept by themselves."""

    queryset = Schedule.objects.select_related("suite", "periodic_task")
    serializer_class = serializers.ScheduleSerializer
    filterset_class = ScheduleFilter
    lookup_value_converter = "int"

    @describe_read(
        "List schedules",
        {200: serializers.ScheduleSerializer(many=True)},
        description="Each with when it is due next, and whether it was missed.",
    )
    def list(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(self.filter_queryset(self.get_queryset().order_by("pk")))
        rows: Any = find_statuses([schedule.pk for schedule in page])
        return self.get_paginated_response(serializers.ScheduleSerializer(rows, many=True).data)

    @describe_read("Get a schedule", {200: serializers.ScheduleSerializer}, errors=[404], description="As it stands.")
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(show_schedule(self.get_object()))

    @describe_write(
        "Add a schedule",
        {201: serializers.ScheduleSerializer},
        request=serializers.NewScheduleSerializer,
        description="Beat takes it up within seconds.",
    )
    def create(self, request: Request) -> Response:
        settings = self.read_body(request, serializers.NewScheduleSerializer)
        suite = find_suite(settings.pop("suite"))
        schedule = save_schedule(suite=suite, user_id=request.user.pk, **settings)
        headers = {"Location": reverse("api:schedule-detail", args=[schedule.pk], request=request)}
        return Response(show_schedule(schedule), status=201, headers=headers)

    @describe_write(
        "Change a schedule",
        {200: serializers.ScheduleSerializer},
        errors=[404],
        request=serializers.ScheduleChangesSerializer,
        description="Only the fields sent change; a webhook keeps its secret unless another one is sent.",
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        schedule, changes = self.get_object(), self.read_body(request, serializers.ScheduleChangesSerializer)
        settings = {name: getattr(schedule, name) for name in SETTINGS}
        settings |= {"enabled": schedule.periodic_task.enabled, **changes}
        save_schedule(suite=schedule.suite, schedule=schedule, user_id=request.user.pk, **settings)
        return Response(show_schedule(schedule))

    @describe_write("Delete a schedule", {204: None}, errors=[404], description="The runs it started stay.")
    def destroy(self, request: Request, pk: int) -> Response:
        delete_schedule(schedule=self.get_object())
        return Response(status=204)


def find_statuses(keys: list[int]) -> list[ScheduleStatus]:
    """How these schedules stand, in their order."""
    statuses = {status.schedule.pk: status for status in describe_schedules()}
    return [statuses[key] for key in keys if key in statuses]


def show_schedule(schedule: Schedule) -> Any:
    [status] = find_statuses([schedule.pk])
    return serializers.ScheduleSerializer(status).data
