from django.urls import path

from apps.core import design, views
from apps.core.palette.views import show_palette

app_name = "core"
urlpatterns = [
    path("design/", design.show_design, name="design"),
    path("palette/", show_palette, name="palette"),
    path("jobs/", views.list_jobs, name="jobs"),
    path("jobs/<int:pk>/", views.show_job, name="job"),
    path("jobs/<int:pk>/cancel/", views.cancel_job, name="cancel_job"),
]
