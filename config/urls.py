"""Addresses of the web process."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

handler400 = "apps.core.errors.bad_request"
handler403 = "apps.core.errors.permission_denied"
handler404 = "apps.core.errors.not_found"
handler500 = "apps.core.errors.server_error"

urlpatterns = [
    # First what is asked for most.
    path("api/v1/", include("config.api_urls")),
    path("favicon.ico", RedirectView.as_view(url="/static/icons/mark.svg", permanent=True), name="favicon"),
    path("", include("apps.core.health_urls")),
    path("", include("django_prometheus.urls")),
    path("", include("apps.core.urls")),
    path("account/", include("apps.users.accounts.urls")),
    path("account/", include("apps.users.urls")),
    path("functions/", include("apps.functions.urls")),
    path("suites/", include("apps.evaluations.urls")),
    path("inference/", include("apps.inference.urls")),
    path("admin/", admin.site.urls),
]
