"""Functions over the API: the catalogue, search, imports and the index."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import ViewSetMixin

from apps.core.api import accept_job
from apps.core.api_base import ApiView
from apps.core.etags import check_precondition, make_etag
from apps.core.openapi import describe_edit, describe_read, describe_write
from apps.core.parsers import JSONParser
from apps.core.serializers import JobSerializer
from apps.core.uploads import file_limit
from apps.functions import serializers, uploads
from apps.functions.filters import FunctionFilter, LibraryFilter
from apps.functions.history import describe_revisions
from apps.functions.libraries import with_counts
from apps.functions.models import Function, FunctionState, Library, Origin
from apps.functions.services import catalogue, indexing, searching

ETAG_NOTE = "The answer's `ETag` names its revision, for `If-Match`."


class FunctionViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """The catalogue."""

    queryset = Function.objects.with_library()
    serializer_class = serializers.FunctionSerializer
    filterset_class = FunctionFilter
    query_serializer_classes = {"similar": serializers.SimilarQuerySerializer}
    lookup_url_kwarg = "key"
    lookup_value_converter = "int"

    @describe_read(
        "List functions",
        {200: serializers.FunctionSummarySerializer(many=True)},
        description="Of every state, by name. Leaves out `code` and `usage`: get the function for these.",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @describe_write(
        "Add a function",
        {201: serializers.FunctionSerializer},
        request=serializers.NewFunctionSerializer,
        description="A library that is not there is made. " + ETAG_NOTE,
    )
    def create(self, request: Request) -> Response:
        data = self.read_body(request, serializers.NewFunctionSerializer)
        library = data.pop("library")
        user_id = request.user.pk
        function = catalogue.create_function(data=data, library=library, user_id=user_id, origin=Origin.API)
        address = reverse("api:function-detail", args=[function.pk], request=request)
        return _show(function, status=201, headers={"Location": address})

    @describe_read("Get a function", {200: serializers.FunctionSerializer}, errors=[404], description=ETAG_NOTE)
    def retrieve(self, request: Request, key: int) -> Response:
        return _show(self.get_object())

    @describe_edit(
        "Edit a function",
        {200: serializers.FunctionSerializer},
        request=serializers.FunctionPatchSerializer,
        description="Only the fields sent change. A change makes a revision; sending what is there already does not.",
    )
    @transaction.atomic
    def partial_update(self, request: Request, key: int) -> Response:
        changes = self.read_body(request, serializers.FunctionPatchSerializer)
        function = catalogue.update_function(
            function=self.get_locked(),
            expected_revision=changes.pop("revision", None),
            note=changes.pop("note", ""),
            changes=changes,
            user_id=request.user.pk,
            origin=Origin.API,
        )
        return _show(function)

    @describe_edit(
        "Retire a function",
        {200: serializers.FunctionSerializer},
        description="Search finds it no more. One that is retired already stays as it is.",
        operation_id="functions_retire",
    )
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, key: int) -> Response:
        return self.move_to(FunctionState.RETIRED)

    @describe_edit(
        "Publish a function",
        {200: serializers.FunctionSerializer},
        description="Search finds it from now on. One that is published already stays as it is.",
        operation_id="functions_publish",
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, key: int) -> Response:
        return self.move_to(FunctionState.PUBLISHED)

    @describe_read(
        "List a function's revisions",
        {200: serializers.RevisionSerializer(many=True)},
        errors=[404],
        description="Newest first, each with who made it and what it changed.",
        operation_id="functions_revisions",
    )
    @action(detail=True, filter_backends=[])
    def revisions(self, request: Request, key: int) -> Response:
        function = self.get_object()
        page = self.paginate_queryset(function.revisions.select_related("changed_by"))
        changes = describe_revisions(function, page or [])
        rows: Any = changes
        return self.get_paginated_response(serializers.RevisionSerializer(rows, many=True).data)

    @describe_edit(
        "Go back to a revision",
        {200: serializers.FunctionSerializer},
        request=serializers.RestoreSerializer,
        description="What it was then becomes its newest revision; none is lost.",
        operation_id="functions_restore",
    )
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def restore(self, request: Request, key: int) -> Response:
        number = self.read_body(request, serializers.RestoreSerializer)["number"]
        user_id = request.user.pk
        function = catalogue.restore_revision(
            function=self.get_locked(), number=number, user_id=user_id, origin=Origin.API
        )
        return _show(function)

    @describe_read(
        "Find functions that do nearly the same",
        {200: serializers.SimilarSerializer},
        parameters=[serializers.SimilarQuerySerializer],
        errors=[404],
        description="Nearest in meaning; by words where the function has no vector yet.",
        operation_id="functions_similar",
    )
    @action(detail=True)
    def similar(self, request: Request, key: int) -> Response:
        limit = self.read_query(request)["limit"]
        found = searching.similar_functions(function=self.get_object(), limit=limit)
        return Response({"results": [result.as_dict() for result in found]})

    def get_queryset(self) -> QuerySet[Function]:
        return self.queryset.defer("code", "usage") if self.action == "list" else self.queryset.all()

    def get_serializer_class(self) -> type[serializers.FunctionSummarySerializer]:
        return serializers.FunctionSummarySerializer if self.action == "list" else serializers.FunctionSerializer

    def get_parameters(self) -> Sequence[str]:
        return ["page", "page_size"] if self.action == "revisions" else super().get_parameters()

    def get_locked(self) -> Function:
        """The function, kept as it is for this transaction, if it is at the revision that the client edits."""
        rows = self.queryset.select_for_update(of=("self",))
        function = get_object_or_404(rows, pk=self.kwargs["key"])
        check_precondition(self.request, make_etag(function.pk, function.revision))
        return function

    @transaction.atomic
    def move_to(self, state: FunctionState) -> Response:
        function = self.get_locked()
        only_it = Function.objects.filter(pk=function.pk)
        catalogue.set_state(functions=only_it, state=state, user_id=self.request.user.pk, origin=Origin.API)
        return _show(self.queryset.get(pk=function.pk))


def _show(function: Function, **options: Any) -> Response:
    response = Response(serializers.FunctionSerializer(function).data, **options)
    response["ETag"] = make_etag(function.pk, function.revision)
    return response


SEARCH_EXAMPLE = OpenApiExample(
    "A search",
    response_only=True,
    value={
        "query": "size of a file in bytes",
        "answered": True,
        "confidence": 0.83,
        "tier": "local_model",
        "took_ms": 6.1,
        "trace_id": "6f1c9a2e8b7d4a31b1f2f6f0c1d2e3a4",
        "language": None,
        "results": [
            {
                "id": "genericpath.getsize",
                "key": 4711,
                "name": "getsize",
                "qualified_name": "genericpath.getsize",
                "language": "python",
                "library": "python-stdlib",
                "signature": "def getsize(filename)",
                "description": "Return the size of a file, reported by os.stat().",
                "score": 0.91,
                "matched": ["size", "file"],
                "why": "the words size, file; near in meaning",
            }
        ],
    },
)


class SearchView(ApiView):
    """Search in plain language. What `quick_search` answers does not come here."""

    query_serializer_classes = {"GET": serializers.SearchQuerySerializer}

    @describe_read(
        "Search functions in plain language",
        {200: serializers.SearchAnswerSerializer},
        parameters=[serializers.SearchQuerySerializer],
        examples=[SEARCH_EXAMPLE],
        description="The cheapest tier that is sure gives the answer: the cache, names, then words "
        "and meaning. Whether one was is in `answered`; `trace_id` leads to how it went.",
        operation_id="functions_search",
    )
    def get(self, request: Request) -> Response:
        wanted = self.read_query(request)
        answer = searching.search_functions(query=wanted.pop("q"), user_id=request.user.pk, **wanted)
        return Response(answer.as_dict())


class TraceView(ApiView):
    """How an answer was reached."""

    @describe_read(
        "Show how an answer was reached",
        {200: serializers.TraceSerializer},
        description="Every tier that was tried, what came of it, and why one was skipped. Kept for a day, for who "
        "asked, with whichever of their keys, and for admins.",
        errors=[404],
        operation_id="traces_retrieve",
    )
    def get(self, request: Request, trace_id: str) -> Response:
        trace = searching.find_trace(trace_id, request.user)
        if trace is None:
            raise Http404("You have no such trace, or it is older than a day.")
        return Response({name: value for name, value in trace.items() if name != "user_id"})


class ImportView(ApiView):
    """Imports, in the background."""

    parser_classes = [JSONParser, MultiPartParser]

    @describe_write(
        "Import functions from a file or from records",
        {202: JobSerializer},
        request={
            "multipart/form-data": serializers.ImportFileSerializer,
            "application/json": serializers.ImportRecordsSerializer,
        },
        description="Starts a job and answers with it; `Location` is its address. Importing the same again changes "
        "nothing. The job's `result` counts what was made and names each bad record with its line and reason.",
        operation_id="functions_import",
    )
    def post(self, request: Request) -> Response:
        is_file = _is_form(request)
        serializer = serializers.ImportFileSerializer if is_file else serializers.ImportRecordsSerializer
        options = self.read_body(request, serializer)
        upload = options.pop("file") if is_file else uploads.write_records(options.pop("records"))
        return accept_job(request, uploads.start_upload(upload=upload, user_id=request.user.pk, **options))

    def get_body_limit(self, request: Request) -> int:
        return file_limit() if _is_form(request) else super().get_body_limit(request)


def _is_form(request: Request) -> bool:
    return bool(request.content_type.startswith("multipart/form-data"))


class LibraryViewSet(ListModelMixin, ViewSetMixin, ApiView):
    """Libraries."""

    queryset = with_counts(Library.objects.all())
    serializer_class = serializers.LibrarySerializer
    filterset_class = LibraryFilter

    @describe_read(
        "List libraries",
        {200: serializers.LibrarySerializer(many=True)},
        description="By name, each with how many functions it holds in which state.",
    )
    def list(self, request: Request) -> Response:
        return super().list(request)


class IndexView(ApiView):
    """The search index."""

    @describe_read(
        "Say how the search index stands beside the catalogue",
        {200: serializers.IndexStateSerializer},
        description="How many functions it has, how many wait for their vectors, and when it was built.",
        operation_id="functions_index",
    )
    def get(self, request: Request) -> Response:
        return Response(serializers.IndexStateSerializer(indexing.index_state()).data)


class IndexRebuildView(ApiView):
    """Building the search index again."""

    @describe_write(
        "Build the search index again",
        {202: JobSerializer},
        description="Starts a job, or answers with the one that waits. Edits need none: search knows them in seconds.",
        operation_id="functions_index_rebuild",
    )
    def post(self, request: Request) -> Response:
        return accept_job(request, indexing.start_rebuild(user_id=request.user.pk))
