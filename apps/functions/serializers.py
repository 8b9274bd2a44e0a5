"""How functions look over the API, and what clients may send."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.serializers import StrictSerializer, TextField
from apps.functions.history import RevisionChange
from apps.functions.models import Function, FunctionState, Library
from apps.functions.services.searching import MAX_LIMIT

KEY_HELP = "The key in this API's addresses."
ID_HELP = "Its own id within its library: what golden cases name."


@extend_schema_field({"type": "string", "enum": FunctionState.values}, component_name="FunctionState")
class StateField(serializers.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(choices=FunctionState.choices, **options)


class FunctionSummarySerializer(serializers.ModelSerializer[Function]):
    """A row of the list: all but the long texts."""

    key = serializers.IntegerField(source="pk", read_only=True, help_text=KEY_HELP)
    id = serializers.CharField(source="external_id", read_only=True, help_text=ID_HELP)
    library = serializers.CharField(source="library.name", read_only=True)
    keywords = serializers.ListField(child=serializers.CharField(), read_only=True)
    state = StateField(read_only=True)

    class Meta:
        model = Function
        fields = [
            "key", "id", "name", "qualified_name", "language", "library", "description", "signature", "keywords",
            "action", "data_type", "order_type", "complexity", "popularity", "path", "line", "state", "revision",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class FunctionSerializer(FunctionSummarySerializer):
    """A function whole."""

    class Meta(FunctionSummarySerializer.Meta):
        fields = [*FunctionSummarySerializer.Meta.fields, "code", "usage"]
        read_only_fields = fields


class FunctionChangesSerializer(StrictSerializer):
    """Fields to change. What the values may be is the record's own business; here they have the right type."""

    name = TextField(required=False)
    qualified_name = TextField(required=False, help_text="With its class and module, where it has them.")
    language = TextField(required=False)
    description = TextField(required=False)
    code = TextField(required=False)
    signature = TextField(required=False)
    keywords = serializers.ListField(child=TextField(), required=False)
    action = TextField(required=False)
    data_type = TextField(required=False)
    order_type = TextField(required=False)
    usage = TextField(required=False)
    complexity = TextField(required=False)
    popularity = serializers.FloatField(required=False)
    path = TextField(required=False)
    line = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    state = StateField(required=False)


class FunctionPatchSerializer(FunctionChangesSerializer):
    revision = serializers.IntegerField(
        required=False, min_value=1, help_text="The revision you edit: when it is not the newest, the answer is 409."
    )
    note = TextField(required=False, max_length=300, help_text="Why, for the history.")


class NewFunctionSerializer(FunctionChangesSerializer):
    """A new function: its library, name and language, and a description or code."""

    id = TextField(required=False, help_text=f"{ID_HELP} Made from the name when it is not given.")
    library = TextField(max_length=200, allow_blank=False, help_text="Made when there is none of this name.")
    name = TextField()
    language = TextField()


class FieldChangeSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    diff = serializers.ListField(child=serializers.CharField(), help_text="Lines of a unified diff.")


class RevisionSerializer(serializers.Serializer[RevisionChange]):
    number = serializers.IntegerField(source="revision.number")
    created_at = serializers.DateTimeField(source="revision.created_at")
    changed_by = serializers.EmailField(source="revision.changed_by.email", default=None, allow_null=True)
    origin = serializers.CharField(source="revision.origin", help_text="import, admin, api, page or command.")
    note = serializers.CharField(source="revision.note")
    job = serializers.IntegerField(source="revision.job_id", allow_null=True, help_text="The import that made it.")
    changes = FieldChangeSerializer(many=True)


class RestoreSerializer(StrictSerializer):
    number = serializers.IntegerField(min_value=1, help_text="The revision to go back to.")


class SearchQuerySerializer(StrictSerializer):
    q = serializers.CharField(
        trim_whitespace=False,
        allow_blank=True,
        help_text="What the function should do, in plain language, or its name.",
    )
    language = serializers.CharField(required=False, help_text="Only this language; else the one said in the query.")
    library = serializers.CharField(required=False, help_text="Only this library.")
    limit = serializers.IntegerField(required=False, default=10, min_value=1, max_value=MAX_LIMIT)


class SimilarQuerySerializer(StrictSerializer):
    limit = serializers.IntegerField(required=False, default=8, min_value=1, max_value=MAX_LIMIT)


class SearchResultSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text=ID_HELP)
    key = serializers.IntegerField(help_text=KEY_HELP)
    name = serializers.CharField()
    qualified_name = serializers.CharField()
    language = serializers.CharField()
    library = serializers.CharField()
    signature = serializers.CharField()
    description = serializers.CharField()
    score = serializers.FloatField(help_text="From 0 to 1.")
    matched = serializers.ListField(child=serializers.CharField(), help_text="Words of the query that it has.")
    why = serializers.CharField()


class SimilarSerializer(serializers.Serializer[Any]):
    results = SearchResultSerializer(many=True)


class SearchAnswerSerializer(serializers.Serializer[Any]):
    query = serializers.CharField()
    answered = serializers.BooleanField(help_text="Whether a tier was sure enough. If not, the results are guesses.")
    confidence = serializers.FloatField(help_text="From 0 to 1.")
    tier = serializers.CharField(help_text="The tier of the ladder that gave the answer; empty when none did.")
    took_ms = serializers.FloatField()
    trace_id = serializers.CharField(help_text="For /traces/{trace_id}/, kept for a day.")
    language = serializers.CharField(allow_null=True, help_text="The language applied, asked for or said in the query.")
    results = SearchResultSerializer(many=True)


class TraceStepSerializer(serializers.Serializer[Any]):
    tier = serializers.CharField()
    outcome = serializers.CharField()
    ms = serializers.FloatField()
    confidence = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField()
    reason = serializers.CharField()


class TraceSerializer(serializers.Serializer[Any]):
    trace_id = serializers.CharField()
    ladder = serializers.CharField()
    query = serializers.CharField()
    filters = serializers.DictField(child=serializers.CharField(), help_text="As they were given with the query.")
    tier = serializers.CharField()
    answered = serializers.BooleanField()
    confidence = serializers.FloatField()
    took_ms = serializers.FloatField()
    results = serializers.ListField(child=serializers.IntegerField(), help_text="Keys of the functions found.")
    steps = TraceStepSerializer(many=True)


class ImportOptionsSerializer(StrictSerializer):
    library = serializers.CharField(max_length=200, help_text="Where the functions go; made when there is none.")
    language = serializers.CharField(required=False, help_text="Of records or sources that do not say theirs.")
    strict = serializers.BooleanField(default=False, help_text="One bad record, and nothing goes in.")
    retire_missing = serializers.BooleanField(
        default=False, help_text="Retire what the library has and the source has no more."
    )


class ImportFileSerializer(ImportOptionsSerializer):
    file = serializers.FileField(help_text="JSON, JSONL, CSV, TOML, SQLite, or a source file; its name tells which.")


class ImportRecordsSerializer(ImportOptionsSerializer):
    records = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, help_text="Function records, as POST /functions/ takes them."
    )


class LibrarySerializer(serializers.ModelSerializer[Library]):
    key = serializers.IntegerField(source="pk", read_only=True)
    functions = serializers.IntegerField(source="functions_count", read_only=True)
    draft = serializers.IntegerField(read_only=True)
    published = serializers.IntegerField(read_only=True)
    retired = serializers.IntegerField(read_only=True)

    class Meta:
        model = Library
        fields = [
            "key",
            "name",
            "description",
            "functions",
            "draft",
            "published",
            "retired",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class IndexStateSerializer(serializers.Serializer[Any]):
    generation = serializers.CharField(help_text="Names the build; empty when there is none.")
    digest = serializers.CharField()
    documents = serializers.IntegerField()
    with_vectors = serializers.IntegerField()
    published = serializers.IntegerField(help_text="In the database.")
    waiting_embedding = serializers.IntegerField(help_text="Published functions without a vector of the present model.")
    changes_waiting = serializers.IntegerField(help_text="Edits since the build. Search knows them all the same.")
    built_at = serializers.DateTimeField(allow_null=True)
    model_digest = serializers.CharField()
    megabytes = serializers.FloatField()
    is_current = serializers.BooleanField()
