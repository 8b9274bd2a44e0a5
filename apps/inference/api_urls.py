from django.urls import path

from apps.inference import api_caches, api_curated, api_performance, api_traces

models = api_curated.ModelViewSet.as_view({"get": "list", "post": "create"})
model = api_curated.ModelViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})
aliases = api_curated.AliasViewSet.as_view({"get": "list", "post": "create"})
alias = api_curated.AliasViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"})
providers = api_curated.ProviderViewSet.as_view({"get": "list"})
provider = api_curated.ProviderViewSet.as_view({"get": "retrieve"})
calls = api_performance.CallViewSet.as_view({"get": "list"})

urlpatterns = [
    path("inference/models/", models, name="inference-model-list"),
    path("inference/models/<int:pk>/", model, name="inference-model-detail"),
    path("inference/aliases/", aliases, name="inference-alias-list"),
    path("inference/aliases/<int:pk>/", alias, name="inference-alias-detail"),
    path("inference/providers/", providers, name="inference-provider-list"),
    path("inference/providers/<int:pk>/", provider, name="inference-provider-detail"),
    path("inference/performance/", api_performance.PerformanceView.as_view(), name="inference-performance"),
    path(
        "inference/performance/reset/",
        api_performance.PerformanceResetView.as_view(),
        name="inference-performance-reset",
    ),
    path("inference/caches/", api_caches.CachesView.as_view(), name="inference-caches"),
    path("inference/caches/clear/", api_caches.ClearCacheView.as_view(), name="inference-caches-clear"),
    path("inference/traces/<slug:trace_id>/", api_traces.ModelTraceView.as_view(), name="inference-trace"),
    path("inference/calls/", calls, name="inference-calls"),
]
