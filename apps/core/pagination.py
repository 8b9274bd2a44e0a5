"""Every list of the API comes in pages."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from apps.core.errors import InvalidInput
from apps.core.tables.paging import fetch_slice


class SlicePaginator(Paginator):
    """Reads of rows that are passed over no more than it has to."""

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        rows = self.object_list
        stop = min(start + self.per_page, self.count)
        found = fetch_slice(rows, start, stop) if isinstance(rows, QuerySet) else rows[start:stop]
        return Page(found, number, self)


class Pages(PageNumberPagination):
    """Refuses a page or a size that makes no sense, where REST framework would take another one."""

    django_paginator_class = SlicePaginator
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        return read_number(request, "page_size", default=int(self.page_size or 1), most=self.max_page_size)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        return read_number(request, "page", default=1, most=None)


def read_number(request: Request, name: str, *, default: int, most: int | None) -> int:
    """A whole number from 1 to `most` out of the address. Raises InvalidInput naming the parameter."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number < 1 or (most is not None and number > most):
        raise InvalidInput(
            {name: f"must be a whole number from 1 to {most}" if most else "must be a whole number from 1"}
        )
    return number
