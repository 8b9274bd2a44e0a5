"""Addresses of the gateway process."""

from django.urls import include, path

urlpatterns = [path("", include("apps.core.health_urls")), path("", include("django_prometheus.urls"))]
