"""What the list of functions can be asked."""

from django.db.models import Q, QuerySet
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter, OrderingFilter

from apps.core.errors import InvalidInput
from apps.functions.models import Function, FunctionQuerySet, FunctionState, Library
from apps.functions.records import RecordError, parse_language


class StableOrdering(OrderingFilter):
    """Equals in a fixed order, so that pages neither repeat nor lose a row."""

    def filter(self, qs: QuerySet[Function], value: list[str] | None) -> QuerySet[Function]:
        return super().filter(qs, value).order_by(*self._orders(value), "pk") if value else qs

    def _orders(self, value: list[str]) -> list[str]:
        return [self.get_ordering_value(name) for name in value]


class FunctionFilter(FilterSet):
    q = CharFilter(method="filter_name", help_text="Part of the name, whatever its case.")
    language = CharFilter(method="filter_language", help_text="A language or one of its short names: python, py.")
    library = ModelChoiceFilter(
        queryset=Library.objects.all(), to_field_name="name", help_text="The exact name of a library."
    )
    state = ChoiceFilter(choices=FunctionState.choices, help_text="Only functions in this state.")
    keyword = CharFilter(method="filter_keyword", help_text="A keyword the function has, exactly.")
    action = CharFilter(help_text="Exactly this action.")
    data_type = CharFilter(help_text="Exactly this data type.")
    ordering = StableOrdering(
        fields=(("name", "name"), ("popularity", "popularity"), ("updated_at", "updated")),
        help_text="By name unless told otherwise; with a minus the other way round.",
    )

    class Meta:
        model = Function
        fields: list[str] = []

    def filter_name(self, queryset: FunctionQuerySet, name: str, value: str) -> FunctionQuerySet:
        return queryset.filter(Q(name__icontains=value) | Q(qualified_name__icontains=value))

    def filter_language(self, queryset: FunctionQuerySet, name: str, value: str) -> FunctionQuerySet:
        try:
            return queryset.filter(language=parse_language(value))
        except RecordError as error:
            raise InvalidInput({"language": error.reason}) from error

    def filter_keyword(self, queryset: FunctionQuerySet, name: str, value: str) -> FunctionQuerySet:
        return queryset.filter(keywords__contains=[value])


class LibraryFilter(FilterSet):
    q = CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name, whatever its case.")

    class Meta:
        model = Library
        fields: list[str] = []
