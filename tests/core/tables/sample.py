"""A list of jobs with one of each kind of filter, whose choices cost no query."""

from django.db.models import Q

from apps.core.models import Job, JobState
from apps.core.tables import ChoiceFilter, Column, DateFilter, Table, TextFilter, YesNoFilter, attribute


class SampleTable(Table):
    page = "core:jobs"
    noun = ("job", "jobs")
    columns = (
        Column("job", "Job", attribute("pk"), sort="pk", width="rest"),
        Column("kind", "Kind", attribute("kind"), sort="kind"),
        Column("finished", "Finished", attribute("finished_at"), sort="finished_at", nullable=True),
        Column("by", "Started by", attribute("created_by.full_name"), hidden=True),
        Column("total", "Total", attribute("total"), sort="total", number=True, hidden=True),
    )
    default_sort = "-job"
    filters = (
        ChoiceFilter("state", "State", choices=JobState.choices),
        YesNoFilter("failed", "Failed", holds=~Q(error="")),
        TextFilter("kind", "Kind"),
        DateFilter("when", "When", lookup="created_at"),
    )
    search_label = "Find"
    page_size = 10

    def rows(self):
        return Job.objects.select_related("created_by")

    def find(self, rows, text):
        return rows.filter(message__icontains=text)

    def href(self, row):
        return f"/jobs/{row.pk}/"
