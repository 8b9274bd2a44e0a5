"""What lists of the API can be asked."""

from django_filters import CharFilter, FilterSet

from apps.inference.models import Call


class CallFilter(FilterSet):
    model = CharFilter(help_text="Only calls that this model answered, or failed.")
    target = CharFilter(help_text="Only calls that asked for this model or alias.")
    outcome = CharFilter(help_text="Only calls that ended so: ok, cancelled, or the code of an error.")
    trace_id = CharFilter(help_text="Only the calls of this trace.")

    class Meta:
        model = Call
        fields: list[str] = []
