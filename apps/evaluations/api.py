"""Suites, their cases and feedback over the API."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api import accept_job
from apps.core.api_base import ApiView
from apps.core.errors import InvalidInput
from apps.core.openapi import describe_read, describe_write
from apps.core.parsers import JSONParser
from apps.core.serializers import JobSerializer
from apps.core.targets.types import CaseRecord
from apps.evaluations import serializers, uploads
from apps.evaluations.counts import with_counts
from apps.evaluations.filters import CaseFilter, SuiteFilter
from apps.evaluations.models import Case, Suite
from apps.evaluations.services import cases, feedback, generating, suites


class SuiteViewSet(ListModelMixin, RetrieveModelMixin, ViewSetMixin, ApiView):
    """Suites."""

    queryset = with_counts(Suite.objects.all())
    serializer_class = serializers.SuiteSerializer
    filterset_class = SuiteFilter

    @describe_read(
        "List suites",
        {200: serializers.SuiteSerializer(many=True)},
        description="By name, each with how many cases sweeps ask, and how many drafts wait for a curator.",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_read(
        "Get a suite", {200: serializers.SuiteSerializer}, errors=[404], description="Its settings and counts."
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return super().retrieve(request, pk)

    @describe_write(
        "Add a suite",
        {201: serializers.SuiteSerializer},
        request=serializers.NewSuiteSerializer,
        description="Without cases; its target never changes.",
    )
    def create(self, request: Request) -> Response:
        data = self.read_body(request, serializers.NewSuiteSerializer)
        suite = suites.create_suite(user_id=request.user.pk, **data)
        headers = {"Location": reverse("api:suite-detail", args=[suite.pk], request=request)}
        return Response(self.show(suite), status=201, headers=headers)

    @describe_write(
        "Change a suite's settings",
        {200: serializers.SuiteSerializer},
        errors=[404],
        request=serializers.SuiteSettingsSerializer,
        description="Only the fields sent change. Reports that are there stay as they are.",
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        changes = self.read_body(request, serializers.SuiteSettingsSerializer)
        suite = suites.update_suite(suite=get_object_or_404(Suite, pk=pk), changes=changes)
        return Response(self.show(suite))

    def show(self, suite: Suite) -> Any:
        return serializers.SuiteSerializer(self.get_queryset().get(pk=suite.pk)).data


class SuiteCaseViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """The cases of a suite."""

    queryset = Case.objects.all()
    serializer_class = serializers.CaseSerializer
    filterset_class = CaseFilter

    def get_queryset(self) -> QuerySet[Case]:
        return get_object_or_404(Suite, pk=self.kwargs["pk"]).cases.defer("source")

    @describe_read(
        "List a suite's cases",
        {200: serializers.CaseSerializer(many=True)},
        errors=[404],
        description="Of every state, the oldest first.",
        operation_id="suites_cases_list",
    )
    def list(self, request: Request, pk: int) -> Response:
        return super().list(request)

    @describe_write(
        "Add a case",
        {201: serializers.WholeCaseSerializer},
        errors=[404],
        request=serializers.NewCaseSerializer,
        description="The next sweep asks it, unless its state says otherwise.",
        operation_id="suites_cases_create",
    )
    def create(self, request: Request, pk: int) -> Response:
        data = self.read_body(request, serializers.NewCaseSerializer)
        options = {name: data.pop(name) for name in ("state", "note") if name in data}
        record = CaseRecord(external_id=data.pop("id", ""), tags=tuple(data.pop("tags", ())), **data)
        suite = get_object_or_404(Suite, pk=pk)
        case = cases.add_case(suite=suite, record=record, user_id=request.user.pk, **options)
        return show_new_case(request, case)


class CaseViewSet(RetrieveModelMixin, ViewSetMixin, ApiView):
    """Cases by their keys."""

    queryset = Case.objects.all()
    serializer_class = serializers.WholeCaseSerializer

    @describe_read(
        "Get a case",
        {200: serializers.WholeCaseSerializer},
        errors=[404],
        description="With the answer it came from, where it came from feedback.",
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return super().retrieve(request, pk)

    @describe_write(
        "Change a case",
        {200: serializers.WholeCaseSerializer},
        errors=[404],
        request=serializers.CaseChangesSerializer,
        description="Only the fields sent change, and what was is kept. A case that asks something else now has a new "
        "`version`, and is not compared with its outcomes of before. Cases are retired, not deleted.",
    )
    def partial_update(self, request: Request, pk: int) -> Response:
        changes = self.read_body(request, serializers.CaseChangesSerializer)
        case = cases.update_case(case=self.get_object(), changes=changes, user_id=request.user.pk)
        return Response(serializers.WholeCaseSerializer(case).data)


class ImportView(ApiView):
    """Cases from a file."""

    queryset = Case.objects.all()
    parser_classes = [JSONParser, MultiPartParser]

    @describe_write(
        "Import cases from a file or from records",
        {200: serializers.ImportedSerializer},
        errors=[404],
        request={
            "multipart/form-data": serializers.ImportCasesFileSerializer,
            "application/json": serializers.ImportCasesSerializer,
        },
        description="All of them or none: `errors` names each problem as `line 3: expected`. Cases whose ids are known "
        "change, and importing the same again changes nothing.",
        operation_id="suites_cases_import",
    )
    def post(self, request: Request, pk: int) -> Response:
        suite, user_id = get_object_or_404(Suite, pk=pk), request.user.pk
        if request.content_type.startswith("multipart/form-data"):
            upload = self.read_body(request, serializers.ImportCasesFileSerializer)["file"]
            return Response(uploads.import_upload(suite=suite, upload=upload, user_id=user_id))
        records = self.read_body(request, serializers.ImportCasesSerializer)["cases"]
        return Response(uploads.import_records(suite=suite, records=records, user_id=user_id))


class GenerateView(ApiView):
    """Cases made from the catalogue."""

    queryset = Suite.objects.all()

    @describe_write(
        "Generate cases",
        {202: JobSerializer},
        errors=[404],
        request=serializers.GenerateSerializer,
        description="Starts a job and answers with it. The same seed over the same catalogue makes the same cases.",
        operation_id="suites_generate",
    )
    def post(self, request: Request, pk: int) -> Response:
        numbers = self.read_body(request, serializers.GenerateSerializer)
        suite = get_object_or_404(Suite, pk=pk)
        return accept_job(request, generating.start_generation(suite=suite, user_id=request.user.pk, **numbers))


class FeedbackView(ApiView):
    """Answers that are wrong."""

    @describe_write(
        "Say that an answer is wrong",
        {201: serializers.WholeCaseSerializer},
        request=serializers.FeedbackSerializer,
        description="Makes a draft case of it, which a curator accepts or dismisses. Reports of one question come "
        "together in one draft. Without a suite it waits in that of the target's feedback.",
        operation_id="feedback_create",
    )
    def post(self, request: Request) -> Response:
        told = self.read_body(request, serializers.FeedbackSerializer)
        suite = find_suite(told.pop("suite")) if "suite" in told else None
        return show_new_case(request, feedback.give_feedback(suite=suite, user_id=request.user.pk, **told))


def show_new_case(request: Request, case: Case) -> Response:
    headers = {"Location": reverse("api:case-detail", args=[case.pk], request=request)}
    return Response(serializers.WholeCaseSerializer(case).data, status=201, headers=headers)


def find_suite(key: int) -> Suite:
    """A suite that a body names. Raises InvalidInput naming `suite`."""
    suite = Suite.objects.filter(pk=key).first() if key < 2**63 else None
    if suite is None:
        raise InvalidInput({"suite": "there is no such suite"})
    return suite
