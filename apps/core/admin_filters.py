"""Filters that lists of the back office share."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware
from unfold.contrib.filters.admin import RangeDateTimeFilter


class TimeFilter(RangeDateTimeFilter):
    """In the pages' time zone, where unfold's has none; a day without a time is the whole day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for bound, lookup, all_day in (("from", "gte", "00:00:00"), ("to", "lte", "23:59:59.999999")):
            day, time = (self.used_parameters.get(f"{self.field_path}_{bound}_{part}") for part in (0, 1))
            if day and (moment := read_moment(f"{day} {time or all_day}")):
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": moment})
        return queryset


def read_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # no such day
        return None
    return make_aware(moment) if moment and is_naive(moment) else moment
