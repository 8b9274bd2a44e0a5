"""Pages of the back office beside the list of functions: try a search, import, index, history."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from apps.core.admin_base import ServicesAdmin
from apps.core.errors import InvalidInput
from apps.core.models import Job
from apps.functions.admin_forms import AdminImportForm, TrySearchForm
from apps.functions.history import describe_revisions
from apps.functions.models import Function, Library, Origin
from apps.functions.services import catalogue, importing, indexing, searching
from apps.functions.uploads import start_upload

REVISIONS_A_PAGE = 20
RECENT_JOBS = 8
LIBRARIES_OFFERED = 500


class FunctionPages(ServicesAdmin):
    """Each page asks for its own permission: `admin_view` only asks for staff."""

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("try/", self._page(self.try_search_view), name="functions_function_try"),
            path("import/", self._page(self.import_view), name="functions_function_import"),
            path("index/", self._page(self.index_view), name="functions_function_index"),
            path("index/rebuild/", self._page(self.rebuild_view), name="functions_function_rebuild"),
            path("<int:pk>/restore/", self._page(self.restore_view), name="functions_function_restore"),
        ]
        return pages + super().get_urls()

    def _page(self, view: Any) -> Any:
        return self.admin_site.admin_view(view)

    def try_search_view(self, request: HttpRequest) -> HttpResponse:
        require(self.has_view_permission(request))
        form = TrySearchForm(request.GET or None, initial={"limit": 10})
        context: dict[str, Any] = {"form": form, "answer": None, "libraries": library_names()}
        if form.is_valid() and form.cleaned_data["q"]:
            asked = form.cleaned_data
            try:
                context["answer"] = searching.search_functions(
                    query=asked["q"],
                    language=asked["language"] or None,
                    library=asked["library"] or None,
                    limit=asked["limit"] or 10,
                    user_id=request.user.pk,
                )
            except InvalidInput as error:
                for field, reason in error.errors.items():
                    form.add_error(field, f"It {reason}.")
        return self.render_page(request, "admin/functions/function/try.html", "Try a search", **context)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        require(self.has_add_permission(request))
        form = AdminImportForm(request.POST, request.FILES) if request.method == "POST" else AdminImportForm()
        if form.is_valid():
            options = {**form.cleaned_data, "language": form.cleaned_data["language"] or None}
            try:
                job = start_upload(upload=options.pop("file"), user_id=request.user.pk, **options)
                return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))
            except InvalidInput as error:
                form.add_input_errors(error)
        context = {"form": form, "jobs": recent_jobs(importing.KIND), "libraries": library_names()}
        return self.render_page(request, "admin/functions/function/import.html", "Import functions", **context)

    def index_view(self, request: HttpRequest) -> HttpResponse:
        require(self.has_view_permission(request))
        context = {
            "index": indexing.index_state(),
            "jobs": recent_jobs(indexing.KIND),
            "may_rebuild": self.has_change_permission(request),
        }
        return self.render_page(request, "admin/functions/function/index.html", "Search index", **context)

    def rebuild_view(self, request: HttpRequest) -> HttpResponse:
        require(self.has_change_permission(request) and request.method == "POST")
        job = indexing.start_rebuild(user_id=request.user.pk)
        self.message_user(request, f"The index is being built again, as job {job.pk}. Search goes on meanwhile.")
        return HttpResponseRedirect(reverse("admin:functions_function_index"))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        function = self.get_object(request, unquote(object_id))
        if function is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        require(self.has_view_or_change_permission(request, function))
        revisions = function.revisions.select_related("changed_by")
        page = Paginator(revisions, REVISIONS_A_PAGE).get_page(request.GET.get("p"))
        context = {
            "original": function,
            "page": page,
            "changes": describe_revisions(function, list(page.object_list)),
            "may_restore": self.has_change_permission(request, function),
            **(extra_context or {}),
        }
        return self.render_page(request, "admin/functions/function/history.html", f"History of {function}", **context)

    def restore_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(self.has_change_permission(request) and request.method == "POST")
        function = get_object_or_404(Function, pk=pk)
        number = request.POST.get("number", "")
        try:
            wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
            catalogue.restore_revision(function=function, number=wanted, user_id=request.user.pk, origin=Origin.ADMIN)
            self.message_user(request, f"{function} is again what it was at revision {wanted}.", messages.SUCCESS)
        except InvalidInput as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:functions_function_history", args=[pk]))


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def recent_jobs(kind: str) -> list[Job]:
    return list(Job.objects.filter(kind=kind).select_related("created_by").defer("params", "result")[:RECENT_JOBS])


def library_names() -> list[str]:
    """For the suggestions below a field."""
    return list(Library.objects.values_list("name", flat=True)[:LIBRARIES_OFFERED])
