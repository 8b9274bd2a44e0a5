"""Runs, their outcomes, reports and messages in the back office: to look at, cancel and acknowledge."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from apps.core.admin_base import ReadOnlyAdmin
from apps.core.errors import Conflict, InvalidInput
from apps.evaluations.admin_base import VERDICT_COLOURS, link_list, show_json
from apps.evaluations.admin_forms import AcknowledgeForm
from apps.evaluations.models import CaseOutcome, Delivery, DeliveryState, Report, Run, RunState, Verdict
from apps.evaluations.reports.words import as_sentence
from apps.evaluations.services.acknowledging import acknowledge
from apps.evaluations.services.running import cancel_run
from apps.users.permissions import get_user

STATE_COLOURS = {
    RunState.RUNNING.label: "info",
    RunState.SUCCEEDED.label: "success",
    RunState.FAILED.label: "danger",
    RunState.CANCELLED.label: "warning",
}
DELIVERY_COLOURS = {DeliveryState.SENT.label: "success", DeliveryState.FAILED.label: "danger"}
HEAVY = ("plan", "pinned", "drift", "estimate", "summary")
HEAVY_OF_RUN = tuple(f"run__{name}" for name in HEAVY)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = [
        "show_name", "show_state", "show_verdict", "show_accuracy", "show_progress", "note", "created_by", "created_at",
    ]  # fmt: skip
    list_filter = [
        ("suite", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("report__verdict", ChoicesDropdownFilter),
    ]
    list_select_related = ["suite", "report", "created_by"]
    list_defer = (*HEAVY, "report__data", "suite__description")
    search_fields = ["note", "suite__name"]
    search_help_text = "Note or suite"
    actions = ["cancel_selected"]
    readonly_fields = ["show_name", "show_page", "show_outcomes", "show_summary", "show_pinned", "show_drift"]
    fieldsets = [
        (None, {"fields": [("show_name", "state"), ("show_page", "show_outcomes"), ("note", "created_by"), "error"]}),
        ("Times", {"fields": [("created_at", "started_at"), ("finished_at", "schedule")]}),
        ("Figures", {"fields": [("done", "total"), "show_summary"]}),
        ("What it measured", {"fields": ["suite_version", "show_pinned", "show_drift"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        runs: QuerySet[Run] = super().get_queryset(request)
        return runs.annotate(accuracy=F("summary__accuracy")).defer("plan")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("evaluations.add_run"))

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        cancelled = 0
        for run in queryset:
            try:
                cancel_run(run=run)
                cancelled += 1
            except Conflict as error:
                self.message_user(request, str(error), messages.WARNING)
        if cancelled:
            self.message_user(request, f"{cancelled:,} cancelled. What came of their cases so far stays.")

    @display(description="run", ordering="pk")
    def show_name(self, run: Run) -> str:
        return str(run)

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def show_state(self, run: Run) -> str:
        return RunState(run.state).label

    @display(description="verdict", label=VERDICT_COLOURS)
    def show_verdict(self, run: Run) -> str | None:
        report = getattr(run, "report", None)
        return Verdict(report.verdict).label if report else None

    @display(description="accuracy")
    def show_accuracy(self, run: Any) -> str:
        return "-" if run.accuracy is None else f"{100 * run.accuracy:.1f} %"

    @display(description="cases")
    def show_progress(self, run: Run) -> SafeString | str:
        if run.is_over:
            return f"{run.done:,}"
        return format_html(
            '<progress class="ts-progress" max="100" value="{}"></progress> {}%', run.percent, run.percent
        )

    @display(description="page")
    def show_page(self, run: Run) -> SafeString:
        return format_html('<a class="ts-link" href="{}">Report and cases</a>', run.get_absolute_url())

    @display(description="outcomes")
    def show_outcomes(self, run: Run) -> SafeString:
        return link_list("caseoutcome", f"{run.done:,}", run__id__exact=run.pk)

    @display(description="figures")
    def show_summary(self, run: Run) -> SafeString | str:
        return show_json(run.summary or run.first_figures)

    @display(description="pinned")
    def show_pinned(self, run: Run) -> SafeString | str:
        return show_json(run.pinned)

    @display(description="changed while it ran")
    def show_drift(self, run: Run) -> SafeString | str:
        return show_json(run.drift)


@admin.register(CaseOutcome)
class CaseOutcomeAdmin(ReadOnlyAdmin):
    list_display = ["show_case", "run", "right", "rank", "answered", "show_confidence", "tier", "show_latency"]
    list_filter = [("run", AutocompleteSelectFilter), "right", "answered"]
    list_select_related = ["run__suite", "case"]
    list_defer = ("got", "trace", "labels", "case__source", "case__input", "case__note", *HEAVY_OF_RUN)
    search_fields = ["case__query", "error"]
    search_help_text = "Question or error"
    ordering = ["-pk"]
    readonly_fields = ["show_case", "show_got", "show_trace", "show_labels"]
    fieldsets = [
        (None, {"fields": ["show_case", "run", ("right", "rank", "score"), ("answered", "confidence", "tier")]}),
        ("Cost", {"fields": [("latency_ms", "cost")]}),
        ("Answers", {"fields": ["error", "show_got", "show_labels", "show_trace"]}),
    ]

    @display(description="case")
    def show_case(self, outcome: CaseOutcome) -> str:
        return str(outcome.case)

    @display(description="confidence", ordering="confidence")
    def show_confidence(self, outcome: CaseOutcome) -> str:
        return f"{outcome.confidence:.2f}"

    @display(description="ms", ordering="latency_ms")
    def show_latency(self, outcome: CaseOutcome) -> str:
        return f"{outcome.latency_ms:.1f}"

    @display(description="answers")
    def show_got(self, outcome: CaseOutcome) -> SafeString | str:
        return show_json(outcome.got)

    @display(description="trace")
    def show_trace(self, outcome: CaseOutcome) -> SafeString | str:
        return show_json(outcome.trace)

    @display(description="labels")
    def show_labels(self, outcome: CaseOutcome) -> SafeString | str:
        return show_json(outcome.labels)


class AcknowledgedFilter(DropdownFilter):
    title = "acknowledged"
    parameter_name = "acknowledged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Waits for somebody"), ("yes", "Acknowledged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        if self.value() == "no":
            return queryset.filter(acknowledged_at=None, verdict__in=[Verdict.WORSE, Verdict.FAILED])
        return queryset.exclude(acknowledged_at=None) if self.value() == "yes" else queryset


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ["run", "show_verdict", "show_baseline", "acknowledged_by", "comment", "created_at"]
    list_filter = [("verdict", ChoicesDropdownFilter), AcknowledgedFilter, ("run__suite", AutocompleteSelectFilter)]
    list_select_related = ["run__suite", "acknowledged_by"]
    list_defer = ("data", *HEAVY_OF_RUN, "run__suite__description")
    search_fields = ["run__suite__name", "comment"]
    search_help_text = "Suite or comment"
    actions = ["acknowledge_selected"]
    readonly_fields = ["show_page", "show_baseline", "show_reasons"]
    fieldsets = [
        (None, {"fields": [("run", "show_baseline"), ("verdict", "show_page"), "show_reasons", "created_at"]}),
        ("Acknowledged", {"fields": [("acknowledged_by", "acknowledged_at"), "comment"]}),
    ]

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("evaluations.change_report"))

    @admin.action(description="Acknowledge", permissions=["acknowledge"])
    def acknowledge_selected(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        form = AcknowledgeForm(request.POST if "apply" in request.POST else None)
        if form.is_valid() and self._acknowledge(request, queryset, form):
            return None
        template = "admin/evaluations/report/acknowledge.html"
        return self.ask_first(request, template, "Acknowledge", form=form, reports=queryset)

    def _acknowledge(self, request: HttpRequest, reports: QuerySet[Report], form: AcknowledgeForm) -> bool:
        user, done = get_user(request), 0
        for report in reports:
            try:
                acknowledge(report=report, user=user, comment=form.cleaned_data["comment"])
                done += 1
            except InvalidInput as error:
                form.add_error("comment", as_sentence(error.errors["comment"]))
                return False
            except Conflict as error:
                self.message_user(request, f"{report}: {error}", messages.WARNING)
        if done:
            self.message_user(request, f"{done:,} acknowledged.", messages.SUCCESS)
        return True

    @display(description="verdict", ordering="verdict", label=VERDICT_COLOURS)
    def show_verdict(self, report: Report) -> str:
        return Verdict(report.verdict).label

    @display(description="compared with")
    def show_baseline(self, report: Report) -> str:
        return f"#{report.baseline_id}" if report.baseline_id else "-"

    @display(description="page")
    def show_page(self, report: Report) -> SafeString:
        return format_html('<a class="ts-link" href="{}">Open the report</a>', report.get_absolute_url())

    @display(description="why")
    def show_reasons(self, report: Report) -> SafeString | str:
        reasons = [(as_sentence(str(reason)),) for reason in report.data.get("reasons", [])]
        return format_html_join("", '<p class="ts-reason">{}</p>', reasons) or "-"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["report", "channel", "address", "show_state", "attempts", "error", "sent_at", "created_at"]
    list_filter = [("state", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter)]
    list_select_related = ["report__run__suite"]
    list_defer = ("report__data", *(f"report__{name}" for name in HEAVY_OF_RUN))
    search_fields = ["address", "error"]
    search_help_text = "Address or error"
    ordering = ["-pk"]

    @display(description="state", ordering="state", label=DELIVERY_COLOURS)
    def show_state(self, delivery: Delivery) -> str:
        return DeliveryState(delivery.state).label
