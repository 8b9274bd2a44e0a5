"""The back office's table of synonyms."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.decorators import display

from apps.core.admin_base import CuratedAdmin
from apps.functions.admin_forms import SynonymGroupForm
from apps.functions.models import SynonymGroup
from apps.functions.services import synonyms


@admin.register(SynonymGroup)
class SynonymGroupAdmin(CuratedAdmin):
    """Its history is the admin's own."""

    form = SynonymGroupForm
    list_display = ["show_words", "enabled", "note", "changed_by", "show_updated"]
    list_display_links = ["show_words"]
    list_editable = ["enabled"]
    list_filter = ["enabled"]
    list_select_related = ["changed_by"]
    search_fields = ["words", "note"]
    search_help_text = "A word or the note"
    readonly_fields = ["changed_by", "created_at", "updated_at"]
    fieldsets = [
        (None, {"fields": ["words", "enabled", "note"]}),
        ("Record", {"fields": ["changed_by", ("created_at", "updated_at")]}),
    ]

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        formset = super().get_changelist_formset(request, **kwargs)
        formset.form.base_fields["enabled"].widget.attrs["aria-label"] = "Enabled"
        return formset

    def save_model(self, request: HttpRequest, obj: SynonymGroup, form: Any, change: bool) -> None:
        synonyms.save_group(group=obj, words=obj.words, note=obj.note, enabled=obj.enabled, user_id=request.user.pk)

    def delete_model(self, request: HttpRequest, obj: SynonymGroup) -> None:
        synonyms.remove_group(group=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SynonymGroup]) -> None:
        for group in queryset:
            synonyms.remove_group(group=group)

    @display(description="words", ordering="words")
    def show_words(self, group: SynonymGroup) -> str:
        return str(group)

    @display(description="updated", ordering="updated_at")
    def show_updated(self, group: SynonymGroup) -> SafeString:
        moment = localtime(group.updated_at)
        return format_html('<span class="ts-nowrap" title="{}">{}</span>', moment, moment.strftime("%Y-%m-%d"))
