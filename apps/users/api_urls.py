from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.users.api import ApiKeyViewSet, MeView

router = SimpleRouter(use_regex_path=False)
router.register("keys", ApiKeyViewSet, basename="key")

urlpatterns = [path("me/", MeView.as_view(), name="me"), *router.urls]
