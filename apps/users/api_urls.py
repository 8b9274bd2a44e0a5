from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.users.api import ApiKeyViewSet, MeView
from apps.users.jwt.api import RefreshView, RevokeView, SignInView, TokenFamilyViewSet

router = SimpleRouter(use_regex_path=False)
router.register("keys", ApiKeyViewSet, basename="key")
router.register("auth/families", TokenFamilyViewSet, basename="token-family")

urlpatterns = [
    path("me/", MeView.as_view(), name="me"),
    path("auth/token/", SignInView.as_view(), name="token"),
    path("auth/token/refresh/", RefreshView.as_view(), name="token-refresh"),
    path("auth/token/revoke/", RevokeView.as_view(), name="token-revoke"),
    *router.urls,
]
