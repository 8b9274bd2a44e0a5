"""A report as one self-contained HTML page."""

from apps.evaluations.reports.html.page import render_page

__all__ = ["render_page"]
