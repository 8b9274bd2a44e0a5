"""What every admin of ours starts from: lists that stay quick on large tables, and pages of their own."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold import fields as unfold_fields
from unfold.admin import ModelAdmin

from apps.core.audit import record
from apps.core.errors import Conflict, InvalidInput


def show_json(data: Any, encoder: type[json.JSONEncoder] | None) -> SafeString:
    text = json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, cls=encoder)
    return format_html('<pre class="ts-mono ts-json" tabindex="0">{}</pre>', text)


# Theirs colours it by styles in the page, which the policy forbids.
unfold_fields.prettify_json = show_json


class CuratedAdmin(ModelAdmin):
    """A list counts its rows once, and loads nothing that it does not show (`list_defer`)."""

    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    list_defer: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CuratedChangeList

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """One entry in the audit log for what was done to the selected rows; a page that asks first did nothing."""
        response: HttpResponse | None = super().response_action(request, queryset)
        if isinstance(response, HttpResponseRedirect) and ACTION_CHECKBOX_NAME in request.POST:
            record(
                "admin.action",
                request=request,
                action=request.POST.get("action", ""),
                model=self.opts.label_lower,
                selected=request.POST.getlist(ACTION_CHECKBOX_NAME),
                all_pages=request.POST.get("select_across") == "1",
            )
        return response

    def render_page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """A page beside the list and the form, in the admin's frame."""
        request.current_app = self.admin_site.name
        frame = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**frame, "title": title, "content_title": title, **context})

    def ask_first(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """The page of an action that asks before it is done; the template extends admin/core/action.html."""
        asked_for = {
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
        }
        return self.render_page(request, template, title, **asked_for, **context)


class ServicesAdmin(CuratedAdmin):
    """For what services save. What a form could not foresee is said above it, and nothing is saved."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (InvalidInput, Conflict) as error:
            self.message_user(request, f"Nothing was saved. {error}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class CuratedChangeList(ChangeList):
    """A model's admin may have `noun`, what the list calls its rows, and `list_defer`, columns that it leaves out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_popup:
            self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows.defer(*getattr(self.model_admin, "list_defer", ()))


class ReadOnlyAdmin(CuratedAdmin):
    """For what only the software writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
