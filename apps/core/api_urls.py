from rest_framework.routers import SimpleRouter

from apps.core.api import JobViewSet
from apps.core.audit.api import AuditViewSet

router = SimpleRouter(use_regex_path=False)
router.register("jobs", JobViewSet, basename="job")
router.register("audit", AuditViewSet, basename="audit")
urlpatterns = router.urls
