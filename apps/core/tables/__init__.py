"""List pages, declared once: columns, filters, search, order, panel and actions. What is shown is in the address.

class RunTable(Table):
    page = "evaluations:runs"
    columns = (Column("run", "Run", attribute("pk"), sort="pk"), ...)

return render_table(request, RunTable(), "evaluations/runs.html")
"""

from apps.core.tables.actions import Action
from apps.core.tables.columns import Column, attribute
from apps.core.tables.filters import ChoiceFilter, DateFilter, TextFilter, YesNoFilter
from apps.core.tables.rendering import render_table
from apps.core.tables.table import Table

__all__ = [
    "Action",
    "ChoiceFilter",
    "Column",
    "DateFilter",
    "Table",
    "TextFilter",
    "YesNoFilter",
    "attribute",
    "render_table",
]
