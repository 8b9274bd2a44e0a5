"""Jobs over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from apps.core.jobs.services import cancel_job
from apps.core.models import Job
from apps.core.serializers import JobSerializer


class JobViewSet(ReadOnlyModelViewSet[Job]):
    """Background jobs: imports, embeddings, index builds."""

    queryset = Job.objects.select_related("created_by")
    serializer_class = JobSerializer
    filterset_fields = ["kind", "state"]
    required_scopes = {"GET": "jobs:read", "POST": "jobs:write"}

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        return Response(JobSerializer(cancel_job(job=self.get_object())).data)
