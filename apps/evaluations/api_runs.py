"""Runs over the API: started, watched, compared, acknowledged."""

from django.db.models import F, QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api_base import ApiView
from apps.core.openapi import describe_read, describe_write
from apps.evaluations import serializers_runs as serializers
from apps.evaluations.filters import OutcomeFilter, RunFilter
from apps.evaluations.models import CaseOutcome, Report, Run, RunQuerySet, Suite
from apps.evaluations.services.acknowledging import acknowledge
from apps.evaluations.services.comparing import compare_runs
from apps.evaluations.services.running import cancel_run, start_run
from apps.evaluations.services.runs import get_run
from apps.evaluations.services.suites import pin_baseline
from apps.users.permissions import get_user

HEAVY = ("plan", "report__data")
REPORT_TYPES = ("text/html", "text/markdown", "text/csv", "application/xml")
UNLISTED = (*HEAVY, "summary", "pinned", "drift", "estimate")


def shown_runs(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs with what their serializers show."""
    related = runs.select_related("report__acknowledged_by", "created_by")
    return related.annotate(accuracy=F("summary__accuracy"))


class SuiteRunViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """The runs of a suite."""

    queryset = Run.objects.all()
    serializer_class = serializers.RunSummarySerializer
    filterset_class = RunFilter

    def get_queryset(self) -> QuerySet[Run]:
        return shown_runs(get_object_or_404(Suite, pk=self.kwargs["pk"]).runs.defer(*UNLISTED))

    @describe_read(
        "List a suite's runs",
        {200: serializers.RunSummarySerializer(many=True)},
        errors=[404],
        description="Newest first.",
        operation_id="suites_runs_list",
    )
    def list(self, request: Request, pk: int) -> Response:
        return super().list(request)

    @describe_write(
        "Start a sweep",
        {202: serializers.RunSerializer},
        errors=[404],
        request=serializers.StartRunSerializer,
        description="Asks the workers all active cases of the suite, and answers with the run; `Location` is its "
        "address. Its report compares with `baseline`, else with the pinned run, else with the last good one.",
        operation_id="suites_runs_create",
    )
    def create(self, request: Request, pk: int) -> Response:
        wanted = self.read_body(request, serializers.StartRunSerializer)
        suite = get_object_or_404(Suite, pk=pk)
        baseline = get_run(str(wanted["baseline"]), field="baseline") if wanted.get("baseline") else None
        run = start_run(suite=suite, baseline=baseline, note=wanted.get("note", ""), user_id=request.user.pk)
        headers = {"Location": reverse("api:run-detail", args=[run.pk], request=request)}
        return Response(show_run(run.pk), status=202, headers=headers)


class RunViewSet(RetrieveModelMixin, ViewSetMixin, ApiView):
    """Runs and their reports."""

    queryset = Run.objects.all()
    serializer_class = serializers.RunSerializer
    lookup_value_converter = "int"
    query_serializer_classes = {
        "report": serializers.ReportQuerySerializer,
        "compare": serializers.CompareQuerySerializer,
    }

    def get_queryset(self) -> QuerySet[Run]:
        runs: RunQuerySet = self.queryset.select_related("suite").defer(*HEAVY)
        return shown_runs(runs)

    @describe_read(
        "Get a run",
        {200: serializers.RunSerializer},
        errors=[404],
        description="How far it is, with an estimate after the first chunk; its figures and verdict once it is over.",
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        return super().retrieve(request, pk)

    @describe_write(
        "Cancel a run",
        {200: serializers.RunSerializer},
        errors=[404],
        description="What came of the cases so far stays. One that is over is a 409.",
        operation_id="runs_cancel",
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        cancel_run(run=self.get_object())
        return Response(show_run(pk))

    @describe_read(
        "Get a run's report",
        {200: OpenApiTypes.OBJECT, **dict.fromkeys(((200, kind) for kind in REPORT_TYPES), OpenApiTypes.STR)},
        parameters=[serializers.ReportQuerySerializer],
        errors=[404],
        description="As JSON, or as `form` says: a page of its own, Markdown, CSV, or JUnit XML for CI. There is none "
        "before the run is over.",
        operation_id="runs_report",
    )
    @action(detail=True)
    def report(self, request: Request, pk: int) -> HttpResponse:
        from apps.evaluations.reports import render_report

        report = get_report(self.get_object())
        url = request.build_absolute_uri(report.get_absolute_url())
        rendered = render_report(report.data, self.read_query(request)["form"], url=url)
        headers = {"Content-Disposition": f'attachment; filename="{rendered.filename}"'}
        return HttpResponse(rendered.content, content_type=rendered.media_type, headers=headers)

    @describe_read(
        "Compare a run with another",
        {200: serializers.ComparisonSerializer},
        parameters=[serializers.CompareQuerySerializer],
        errors=[404],
        description="Pair by pair, as its report does with its own baseline. Nothing is stored.",
        operation_id="runs_compare",
    )
    @action(detail=True)
    def compare(self, request: Request, pk: int) -> Response:
        candidate = self.get_object()
        baseline = get_run(str(self.read_query(request)["baseline"]), field="baseline")
        return Response(compare_runs(baseline=baseline, candidate=candidate))

    @describe_write(
        "Acknowledge a run's report",
        {200: serializers.AcknowledgedSerializer},
        errors=[404],
        request=serializers.AcknowledgeSerializer,
        description="Somebody has seen it, and says what they make of it. Once: the second is a 409.",
        operation_id="runs_acknowledge",
    )
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: int) -> Response:
        comment = self.read_body(request, serializers.AcknowledgeSerializer)["comment"]
        report = acknowledge(report=get_report(self.get_object()), user=get_user(request), comment=comment)
        return Response(serializers.AcknowledgedSerializer(report).data)

    @describe_write(
        "Pin a run as its suite's baseline",
        {200: serializers.RunSerializer},
        errors=[404],
        description="Later runs are compared with it, whatever comes between.",
        operation_id="runs_pin",
    )
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, pk: int) -> Response:
        run = self.get_object()
        pin_baseline(suite=run.suite, run=run)
        return Response(show_run(pk))

    @describe_write(
        "Take the pin out of a run",
        {200: serializers.RunSerializer},
        errors=[404],
        description="Later runs are compared with the last good one again. Another run that is pinned stays so.",
        operation_id="runs_unpin",
    )
    @pin.mapping.delete
    def unpin(self, request: Request, pk: int) -> Response:
        run = self.get_object()
        if run.suite.baseline_id == run.pk:
            pin_baseline(suite=run.suite, run=None)
        return Response(show_run(pk))


class OutcomeListView(ListModelMixin, ViewSetMixin, ApiView):
    """What came of a run's cases."""

    queryset = CaseOutcome.objects.all()
    serializer_class = serializers.OutcomeSerializer
    filterset_class = OutcomeFilter

    def get_queryset(self) -> QuerySet[CaseOutcome]:
        run = get_object_or_404(Run.objects.only("pk"), pk=self.kwargs["pk"])
        return run.outcomes.select_related("case").order_by("case_id")

    @describe_read(
        "List what came of a run's cases",
        {200: serializers.OutcomeSerializer(many=True)},
        errors=[404],
        description="In the order of the cases, each with the answers and how they were reached.",
        operation_id="runs_outcomes",
    )
    def list(self, request: Request, pk: int) -> Response:
        return super().list(request)


def show_run(pk: int) -> dict[str, object]:
    return dict(serializers.RunSerializer(shown_runs(Run.objects.defer(*HEAVY)).get(pk=pk)).data)


def get_report(run: Run) -> Report:
    """With its data. Raises Http404 where there is none yet."""
    report = Report.objects.filter(run=run).first()
    if report is None:
        raise Http404("The run has no report: it is not over, or was cancelled.")
    report.run = run
    return report
