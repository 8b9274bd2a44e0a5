"""What a report looks like: a page, Markdown, JSON, CSV and JUnit XML, made from its data and nothing else."""

from apps.evaluations.reports.rendering import FORMS, RenderedReport, render_report

__all__ = ["FORMS", "RenderedReport", "render_report"]
