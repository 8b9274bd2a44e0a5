"""Keeping views of lists by name."""

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.core.errors import InvalidInput
from apps.core.tables.models import SavedView

MOST = 25
"""Views that one person keeps of one list."""
MAX_NAME = 80
MAX_QUERY = 2000


@transaction.atomic
def save_view(*, owner_id: int, page: str, name: str, query: str, shared: bool, is_default: bool) -> SavedView:
    """A new view; one of the same name is replaced. Raises InvalidInput naming `name` or `query`."""
    name = check_name(name)
    if len(query) > MAX_QUERY:
        raise InvalidInput({"query": f"is longer than {MAX_QUERY:,} characters"})
    # Locked, so that two requests at once cannot both find room for one more.
    get_user_model().objects.select_for_update(no_key=True).get(pk=owner_id)
    known = list(SavedView.objects.filter(owner=owner_id, page=page))
    view = next((one for one in known if one.name == name), None)
    if view is None and len(known) >= MOST:
        raise InvalidInput({"name": f"is one too many: you have {MOST} views of this list; delete one first"})
    view = view or SavedView(owner_id=owner_id, page=page, name=name)
    view.query, view.shared = query, shared
    view.save()
    if is_default != view.is_default:
        set_default(view=view, is_default=is_default)
    return view


@transaction.atomic
def rename_view(*, view: SavedView, name: str) -> SavedView:
    """Raises InvalidInput naming `name`."""
    name = check_name(name)
    others = SavedView.objects.filter(owner=view.owner_id, page=view.page, name=name).exclude(pk=view.pk)
    if others.exists():
        raise InvalidInput({"name": "is the name of another view of this list"})
    view.name = name
    view.save(update_fields=["name"])
    return view


@transaction.atomic
def set_default(*, view: SavedView, is_default: bool) -> None:
    """Whether its owner sees it first; another one that was is so no more."""
    SavedView.objects.filter(owner=view.owner_id, page=view.page, is_default=True).update(is_default=False)
    view.is_default = is_default
    view.save(update_fields=["is_default"])


def set_shared(*, view: SavedView, shared: bool) -> None:
    view.shared = shared
    view.save(update_fields=["shared"])


def check_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidInput({"name": f"must have 1 to {MAX_NAME} characters"})
    if "\0" in name:
        raise InvalidInput({"name": "has a NUL character"})
    return name
