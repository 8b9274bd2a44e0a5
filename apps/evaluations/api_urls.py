from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.evaluations import api, api_runs, api_schedules

router = SimpleRouter(use_regex_path=False)
router.register("runs", api_runs.RunViewSet, basename="run")
router.register("schedules", api_schedules.ScheduleViewSet, basename="schedule")

suites = api.SuiteViewSet.as_view({"get": "list", "post": "create"})
suite = api.SuiteViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
suite_cases = api.SuiteCaseViewSet.as_view({"get": "list", "post": "create"})
case = api.CaseViewSet.as_view({"get": "retrieve", "patch": "partial_update"})
suite_runs = api_runs.SuiteRunViewSet.as_view({"get": "list", "post": "create"})
outcomes = api_runs.OutcomeListView.as_view({"get": "list"})

urlpatterns = [
    path("suites/", suites, name="suite-list"),
    path("suites/<int:pk>/", suite, name="suite-detail"),
    path("suites/<int:pk>/cases/", suite_cases, name="suite-cases"),
    path("suites/<int:pk>/cases/import/", api.ImportView.as_view(), name="case-import"),
    path("suites/<int:pk>/generate/", api.GenerateView.as_view(), name="case-generate"),
    path("suites/<int:pk>/runs/", suite_runs, name="suite-runs"),
    path("cases/<int:pk>/", case, name="case-detail"),
    path("runs/<int:pk>/outcomes/", outcomes, name="run-outcomes"),
    path("feedback/", api.FeedbackView.as_view(), name="feedback"),
    *router.urls,
]
