"""What the back office's admins of inference share: "Test it", and links between their lists."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin_base import ServicesAdmin
from apps.inference import curating
from apps.inference.admin_forms import TryForm
from apps.inference.trying import Tried, try_target

TIER_COLOURS = {"local": "success", "small": "info", "large": "warning"}


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def link_list(model: str, title: Any, **filters: Any) -> SafeString:
    """A link to the list of a model of this app, filtered."""
    address = reverse(f"admin:inference_{model}_changelist")
    return format_html('<a class="ts-link" href="{}?{}">{}</a>', address, urlencode(filters), title)


class TryingAdmin(ServicesAdmin):
    """For what can be asked. A panel above the form leads to the pages beside it."""

    change_form_outer_before_template = "admin/inference/panel.html"

    def get_urls(self) -> list[URLPattern]:
        return [self.page("<int:pk>/try/", self.try_view, "try"), *super().get_urls()]

    def page(self, address: str, view: Any, name: str) -> URLPattern:
        return path(address, self.admin_site.admin_view(view), name=f"inference_{self.opts.model_name}_{name}")

    def address_of(self, row: Model, name: str) -> str:
        return reverse(f"admin:inference_{self.opts.model_name}_{name}", args=[row.pk])

    def find(self, request: HttpRequest, pk: int) -> Any:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        return row

    def make_try_form(self, row: Any, data: Mapping[str, Any] | None) -> TryForm:
        return TryForm(data)

    def ask(self, row: Any, form: TryForm, user_id: int | None) -> Tried:
        """Really."""
        return try_target(target=row.name, question=form.cleaned_data["question"], user_id=user_id)

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request.user.has_perm("inference.try_models"))
        row = self.find(request, pk)
        form = self.make_try_form(row, request.POST if request.method == "POST" else None)
        tried = self.ask(row, form, request.user.pk) if form.is_valid() else None
        context = {"row": row, "form": form, "tried": tried, **self.more_of_try(request, row)}
        return self.render_page(request, "admin/inference/try.html", f"Test {row}", back=self.back_to(row), **context)

    def more_of_try(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {}

    def back_to(self, row: Any) -> str:
        return self.address_of(row, "change")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        extra = {**(extra_context or {}), **(self.build_panel(request, row) if row is not None else {})}
        return super().change_view(request, object_id, form_url, extra)

    def build_panel(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the panel above the form of a row shows and offers."""
        may_try = request.user.has_perm("inference.try_models")
        return {"try_address": self.address_of(row, "try") if may_try else ""}

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        curating.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            curating.delete(row)
