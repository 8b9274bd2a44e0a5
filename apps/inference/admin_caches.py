"""The caches of answers in the back office: how they do, what they might be set to, and clearing them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.admin_base import ReadOnlyAdmin
from apps.core.confirming import ask_to_confirm
from apps.core.errors import Conflict
from apps.inference import curating
from apps.inference.admin_base import require
from apps.inference.caching.kinds import LONGEST_SECONDS as LONGEST
from apps.inference.caching.kinds import MOST_ENTRIES as MOST
from apps.inference.caching.kinds import CacheKind, CacheLimits
from apps.inference.caching.managing import MAX_NAME, clear_cache, report_aliases, report_caches, set_limits
from apps.inference.caching.models import CacheSetting
from apps.inference.caching.watching import list_watches, set_seen
from apps.inference.models import Alias

CHANGE = "inference.change_caches"
CHANGE_ALIASES = "inference.change_alias"
ROUTE = "inference_cachesetting"
LIST = f"admin:{ROUTE}_changelist"


class KindForm(forms.Form):
    kind = forms.ChoiceField(
        label="Type", choices=[(one.value, one.label) for one in CacheKind], widget=UnfoldAdminSelectWidget
    )

    @property
    def chosen(self) -> CacheKind:
        return CacheKind(self.cleaned_data["kind"])


class ClearForm(KindForm):
    """What to clear: a tag's, an owner's, or with neither the whole type."""

    tag = forms.CharField(
        max_length=MAX_NAME,
        required=False,
        help_text="Such as alias:auto or model:gpt-5.",
        widget=UnfoldAdminTextInputWidget,
    )
    owner = forms.CharField(
        max_length=MAX_NAME,
        required=False,
        help_text="Such as user:7, or system.",
        widget=UnfoldAdminTextInputWidget,
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("tag") and found.get("owner"):
            self.add_error("owner", "Clear by a tag or by an owner, not both at once.")
        return found


class SecondsForm(forms.Form):
    seconds = forms.IntegerField(min_value=1, max_value=LONGEST)


class LimitsForm(KindForm):
    seconds = forms.IntegerField(min_value=1, max_value=LONGEST)
    size = forms.IntegerField(min_value=1, max_value=MOST)


@admin.register(CacheSetting)
class CacheAdmin(ReadOnlyAdmin):
    def get_urls(self) -> list[URLPattern]:
        pages = {"clear": self.clear_view, "set": self.set_view}
        seen = self.admin_site.admin_view(self.seen_view)
        own = [
            path(f"{name}/", self.admin_site.admin_view(view), name=f"inference_cachesetting_{name}")
            for name, view in pages.items()
        ]
        own.append(path("<int:pk>/seen/", seen, name="inference_cachesetting_seen"))
        own.append(path("<int:pk>/alias/", self.admin_site.admin_view(self.alias_view), name=f"{ROUTE}_alias"))
        return [*own, *super().get_urls()]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(CHANGE))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        require(self.has_view_permission(request))
        return self.show(request, ClearForm())

    def show(self, request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
        response = self.render_page(
            request,
            "admin/inference/caches.html",
            "Caches",
            reports=report_caches(),
            aliases=report_aliases(),
            may_change_aliases=request.user.has_perm(CHANGE_ALIASES),
            watches=list_watches(),
            form=form,
        )
        response.status_code = status
        return response

    def clear_view(self, request: HttpRequest) -> HttpResponse:
        require(request.method == "POST" and request.user.has_perm(CHANGE))
        form = ClearForm(request.POST)
        if not form.is_valid():
            return self.show(request, form, 422)
        tag, owner = form.cleaned_data["tag"], form.cleaned_data["owner"]
        what = f"What has the tag {tag} in" if tag else f"What {owner} owns in" if owner else "All of"
        asking = ask_to_confirm(
            request,
            phrase=form.chosen.value,
            title=f"Clear the cache of {form.chosen.value}",
            text=f"{what} this cache is forgotten at once, everywhere. What is asked again costs again.",
            button="Clear",
            cancel=reverse(LIST),
        )
        return asking or self.done(request, f"Cleared {form.chosen.value}.", form, tag=tag, owner=owner)

    def done(self, request: HttpRequest, said: str, form: KindForm, *, tag: str, owner: str) -> HttpResponse:
        try:
            clear_cache(kind=form.chosen, tag=tag, owner=owner)
            self.message_user(request, said, messages.SUCCESS)
        except Conflict as error:
            self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(reverse(LIST))

    def seen_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request.method == "POST" and request.user.has_perm(CHANGE))
        set_seen(pk=pk)
        return HttpResponseRedirect(f"{reverse(LIST)}#semantic")

    def alias_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sets for how long an alias's answers are kept."""
        require(request.method == "POST" and request.user.has_perms([CHANGE, CHANGE_ALIASES]))
        alias = get_object_or_404(Alias, pk=pk)
        form = SecondsForm(request.POST)
        if form.is_valid():
            alias.cache_seconds = form.cleaned_data["seconds"]
            curating.save_alias(alias=alias)
            said = f"Answers of {alias} are given again for {alias.cache_seconds:,} s."
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(request, f"Nothing was changed. {form.errors.as_text()}", messages.ERROR)
        return HttpResponseRedirect(f"{reverse(LIST)}#aliases")

    def set_view(self, request: HttpRequest) -> HttpResponse:
        require(request.method == "POST" and request.user.has_perm(CHANGE))
        form = LimitsForm(request.POST)
        if not form.is_valid():
            self.message_user(request, f"Nothing was changed. {form.errors.as_text()}", messages.ERROR)
            return HttpResponseRedirect(reverse(LIST))
        row = set_limits(kind=form.chosen, to=CacheLimits(form.cleaned_data["seconds"], form.cleaned_data["size"]))
        self.message_user(request, f"{row} keeps {row.size:,} answers for {row.seconds:,} s.", messages.SUCCESS)
        return HttpResponseRedirect(reverse(LIST))
