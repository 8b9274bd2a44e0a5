"""The caches of answers over the API."""

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api_base import ApiView
from apps.core.openapi import describe_read, describe_write
from apps.inference import serializers_caches as serializers
from apps.inference.caching.kinds import CacheKind
from apps.inference.caching.managing import clear_cache, report_aliases, report_caches


class CachesView(ApiView):
    """Each type of cached answers."""

    @describe_read(
        "Read how the caches of answers do",
        {200: serializers.CachesSerializer},
        description="Of all processes, since counting began. Suggestions come of replaying a sample of what was asked.",
        operation_id="inference_caches",
    )
    def get(self, request: Request) -> Response:
        found = {
            "caches": [report.as_dict() for report in report_caches()],
            "aliases": [report.as_dict() for report in report_aliases()],
        }
        return Response(serializers.CachesSerializer(found).data)


class ClearCacheView(ApiView):
    """Forgets answers."""

    serializer_class = serializers.ClearCacheSerializer

    @describe_write(
        "Clear a cache of answers",
        {204: None},
        request=serializers.ClearCacheSerializer,
        description="What has a tag, what an owner has, or a whole type. It is noted in the audit log.",
        operation_id="inference_caches_clear",
    )
    def post(self, request: Request) -> Response:
        form = serializers.ClearCacheSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        clear_cache(kind=CacheKind(wanted["type"]), tag=wanted.get("tag", ""), owner=wanted.get("owner", ""))
        return Response(status=204)
