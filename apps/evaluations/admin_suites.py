"""Suites and their cases in the back office. Every change goes through the services, which keep what was."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from apps.core.admin_base import ServicesAdmin
from apps.core.errors import Conflict, InvalidInput
from apps.evaluations.admin_base import link_list, show_json
from apps.evaluations.admin_forms import CaseForm, SuiteForm
from apps.evaluations.counts import with_counts
from apps.evaluations.models import CASE_FIELDS, Case, CaseRevision, CaseState, Suite
from apps.evaluations.services import cases, suites
from apps.evaluations.services.feedback import accept_feedback
from apps.evaluations.services.running import start_run

STATE_COLOURS = {
    CaseState.DRAFT.label: "warning",
    CaseState.ACTIVE.label: "success",
    CaseState.RETIRED.label: "danger",
}
ANSWERS_SHOWN = 3


@admin.register(Suite)
class SuiteAdmin(ServicesAdmin):
    form = SuiteForm
    list_display = ["name", "target", "measure", "show_cases", "show_drafts", "show_baseline", "updated_at"]
    list_filter = ["target"]
    list_select_related = ["baseline"]
    list_defer = ("description", "baseline__plan", "baseline__pinned", "baseline__summary")
    search_fields = ["name", "description"]
    ordering = ["name"]
    actions = ["start_sweep"]
    readonly_fields = ["target", "version", "show_baseline", "created_by", "created_at", "updated_at"]
    add_fieldsets = [(None, {"fields": ["name", "target", "description", ("measure", "margin"), "latency_margin"]})]
    fieldsets = [
        *add_fieldsets,
        ("Record", {"fields": [("version", "show_baseline"), ("created_by", "created_at"), "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suite]:
        rows: QuerySet[Suite] = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name == "evaluations_suite_changelist"
        return with_counts(rows) if is_list else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Suite | None = None) -> list[str]:
        return self.readonly_fields if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Suite | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Suite | None = None) -> bool:
        """Only an empty one goes: with its cases would go the runs and reports that stand on them."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not (obj.cases.exists() or obj.runs.exists()))

    def has_start_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("evaluations.add_run"))

    def save_model(self, request: HttpRequest, obj: Suite, form: SuiteForm, change: bool) -> None:
        if change:
            suites.update_suite(suite=obj, changes=form.settings())
        else:
            made = suites.create_suite(target=obj.target, user_id=request.user.pk, **form.settings())
            obj.pk = made.pk
            obj.refresh_from_db()

    @admin.action(description="Start a sweep", permissions=["start"])
    def start_sweep(self, request: HttpRequest, queryset: QuerySet[Suite]) -> None:
        for suite in queryset:
            try:
                run = start_run(suite=suite, user_id=request.user.pk)
            except InvalidInput as error:
                self.message_user(request, f"{suite}: {error}", messages.ERROR)
            else:
                link = format_html('<a class="ts-link" href="{}">Watch it.</a>', run.get_absolute_url())
                self.message_user(request, format_html("{} is being swept, as run {}. {}", suite, run.pk, link))

    @display(description="cases", ordering="active_cases")
    def show_cases(self, suite: Any) -> SafeString:
        return link_list("case", f"{suite.active_cases:,}", suite__id__exact=suite.pk, state__exact=CaseState.ACTIVE)

    @display(description="drafts", ordering="draft_cases")
    def show_drafts(self, suite: Any) -> SafeString | str:
        if not suite.draft_cases:
            return "-"
        return link_list("case", f"{suite.draft_cases:,}", suite__id__exact=suite.pk, state__exact=CaseState.DRAFT)

    @display(description="pinned run")
    def show_baseline(self, suite: Suite) -> str:
        return f"#{suite.baseline_id}" if suite.baseline_id else "-"


class MadeByFilter(DropdownFilter):
    """The ways in which there are cases made."""

    title = "made by"
    parameter_name = "made_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        present = Case.objects.exclude(made_by="").order_by("made_by").values_list("made_by", flat=True).distinct()
        return [(name, name) for name in present]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        return queryset.filter(made_by=self.value()) if self.value() else queryset


class RevisionInline(TabularInline):
    """What a case was before each change."""

    model = CaseRevision
    fields = readonly_fields = ["created_at", "changed_by", "version", "show_before"]
    extra = max_num = 0
    can_delete = False
    per_page = 10
    hide_title = True
    tab = True
    verbose_name_plural = "history"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseRevision]:
        revisions: QuerySet[CaseRevision] = super().get_queryset(request)
        return revisions.select_related("changed_by")

    @display(description="before the change")
    def show_before(self, revision: CaseRevision) -> SafeString | str:
        return show_json({name: revision.data[name] for name in CASE_FIELDS if revision.data.get(name)})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ServicesAdmin):
    form = CaseForm
    list_display = ["show_query", "show_expected", "suite", "show_state", "origin", "made_by", "show_updated"]
    list_filter = [
        ("suite", AutocompleteSelectFilter),
        ("state", ChoicesDropdownFilter),
        ("origin", ChoicesDropdownFilter),
        MadeByFilter,
    ]
    list_select_related = ["suite"]
    list_defer = ("input", "source", "note", "suite__description")
    search_fields = ["query", "external_id", "note"]
    search_help_text = "Question, id or note"
    autocomplete_fields = ["suite"]
    actions = ["accept_selected", "retire_selected", "reactivate_selected"]
    readonly_fields = [
        "suite", "external_id", "origin", "made_by", "version", "show_source", "created_by", "created_at", "updated_at",
    ]  # fmt: skip
    add_fieldsets = [
        (None, {"fields": ["suite", "external_id", "query", "expected", "filters", ("tags", "group")]}),
        ("More", {"fields": ["input", "state", "note"]}),
    ]
    fieldsets = [
        (None, {"fields": ["suite", "query", "expected", "filters", ("tags", "group"), "state", "note", "input"]}),
        (
            "Record",
            {
                "fields": [
                    ("external_id", "version"), ("origin", "made_by"), ("created_by", "created_at"), "updated_at",
                ]
            },
        ),
        ("The answer that feedback was about", {"fields": ["show_source"]}),
    ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Case | None = None) -> list[str]:
        return self.readonly_fields if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Case | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        return self.fieldsets if obj.source else self.fieldsets[:-1]

    def get_inlines(self, request: HttpRequest, obj: Case | None) -> list[type[RevisionInline]]:
        return [RevisionInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Case | None = None) -> bool:
        """Cases are retired: outcomes of old runs point at them."""
        return False

    def save_model(self, request: HttpRequest, obj: Case, form: CaseForm, change: bool) -> None:
        author = request.user.pk
        if change:
            stored = cases.update_case(case=obj, changes=form.changes(), user_id=author)
        else:
            options: dict[str, Any] = {"state": obj.state, "note": obj.note, "user_id": author}
            stored = cases.add_case(suite=obj.suite, record=form.record(), **options)
        obj.pk = stored.pk
        obj.refresh_from_db()

    @admin.action(description="Accept the drafts", permissions=["change"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        accepted = 0
        for case in queryset:
            try:
                accept_feedback(case=case, user_id=request.user.pk)
                accepted += 1
            except (InvalidInput, Conflict) as error:
                self.message_user(request, f"“{case}”: {error}", messages.WARNING)
        if accepted:
            self.message_user(request, f"{accepted:,} are asked by the next sweep.", messages.SUCCESS)

    @admin.action(description="Retire", permissions=["change"])
    def retire_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._move(request, queryset, CaseState.RETIRED)

    @admin.action(description="Make active again", permissions=["change"])
    def reactivate_selected(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        self._move(request, queryset.filter(state=CaseState.RETIRED), CaseState.ACTIVE)

    def _move(self, request: HttpRequest, queryset: QuerySet[Case], state: CaseState) -> None:
        try:
            chosen = list(Case.objects.filter(pk__in=list(queryset.values_list("pk", flat=True))).only("pk"))
            moved = cases.set_states(cases=chosen, state=state, user_id=request.user.pk)
        except InvalidInput as error:
            self.message_user(request, f"Nothing was changed. {error}", messages.ERROR)
        else:
            self.message_user(request, f"{moved:,} are {state.label.lower()} now.", messages.SUCCESS)

    @display(description="question", ordering="query", header=True)
    def show_query(self, case: Case) -> list[Any]:
        return [format_html('<span class="ts-clip" title="{}">{}</span>', case.query, str(case)), case.external_id]

    @display(description="right answers")
    def show_expected(self, case: Case) -> SafeString | str:
        answers = case.expected if isinstance(case.expected, list) else [case.expected]
        more = len(answers) - ANSWERS_SHOWN
        shown = [str(answer) for answer in answers[:ANSWERS_SHOWN]] + ([f"+{more}"] if more > 0 else [])
        lines = format_html_join("", '<span class="ts-line" title="{}">{}</span>', ((one, one) for one in shown))
        return lines or "nothing"

    @display(description="state", ordering="state", label=STATE_COLOURS)
    def show_state(self, case: Case) -> str:
        return CaseState(case.state).label

    @display(description="updated", ordering="updated_at")
    def show_updated(self, case: Case) -> SafeString:
        moment = localtime(case.updated_at)
        return format_html('<span class="ts-nowrap" title="{}">{}</span>', moment, moment.strftime("%Y-%m-%d"))

    @display(description="answer")
    def show_source(self, case: Case) -> SafeString | str:
        return show_json(case.source)
