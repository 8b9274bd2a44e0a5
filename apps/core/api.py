"""Jobs over the API."""

from typing import Any

from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.filters import JobFilter
from apps.core.jobs.services import cancel_job
from apps.core.models import Job
from apps.core.openapi import describe_read, describe_write
from apps.core.serializers import JobSerializer


class JobViewSet(ListModelMixin, RetrieveModelMixin, ViewSetMixin, ApiView):
    """Background jobs: imports, embeddings, index builds."""

    queryset = Job.objects.whole().select_related("created_by", "seen_by")
    serializer_class = JobSerializer
    filterset_class = JobFilter
    lookup_value_converter = "int"

    @describe_read("List background jobs", {200: JobSerializer(many=True)}, description="Newest first.")
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @describe_read(
        "Get a job",
        {200: JobSerializer},
        errors=[404],
        description="Its progress while it runs; `result` or `error` once it is over.",
    )
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @describe_write(
        "Cancel a job",
        {200: JobSerializer},
        errors=[404],
        description="One that waits ends at once, one that runs at its next step. What it did stays.",
        operation_id="jobs_cancel",
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        return Response(JobSerializer(cancel_job(job=self.get_object())).data)


def accept_job(request: Request, job: Job) -> Response:
    """202 with the job, and its address in the header."""
    headers = {"Location": reverse("api:job-detail", args=[job.pk], request=request)}
    return Response(JobSerializer(job).data, status=202, headers=headers)
