from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.functions import api

router = SimpleRouter(use_regex_path=False)
router.register("functions", api.FunctionViewSet, basename="function")
router.register("libraries", api.LibraryViewSet, basename="library")

urlpatterns = [
    path("functions/search/", api.SearchView.as_view(), name="function-search"),
    path("functions/import/", api.ImportView.as_view(), name="function-import"),
    path("functions/index/", api.IndexView.as_view(), name="function-index"),
    path("functions/index/rebuild/", api.IndexRebuildView.as_view(), name="function-index-rebuild"),
    path("traces/<slug:trace_id>/", api.TraceView.as_view(), name="trace"),
    *router.urls,
]
