from django.urls import path

from apps.core import views

app_name = "core"
urlpatterns = [
    path("jobs/", views.list_jobs, name="jobs"),
    path("jobs/<int:pk>/", views.show_job, name="job"),
    path("jobs/<int:pk>/cancel/", views.cancel_job, name="cancel_job"),
]
