"""How the gateway's answers were reached, for who asked."""

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api_base import ApiView
from apps.core.openapi import describe_read
from apps.inference.gateway.traces import find_trace


class StepSerializer(serializers.Serializer[object]):
    tier = serializers.CharField(help_text="`cache`, or a tier and its model, such as `local:qwen2.5-coder-1.5b`.")
    outcome = serializers.ChoiceField(choices=["answered", "unsure", "abstained", "failed", "skipped"])
    ms = serializers.FloatField()
    confidence = serializers.FloatField(allow_null=True, help_text="1 where no flaw was found, 0 where one was.")
    cost = serializers.FloatField(help_text="In US dollars.")
    reason = serializers.CharField(allow_blank=True)


class AttemptSerializer(serializers.Serializer[object]):
    model = serializers.CharField()
    provider = serializers.CharField()
    outcome = serializers.CharField(help_text="`ok`, or an error's code.")
    ms = serializers.FloatField()
    cost = serializers.FloatField(help_text="In US dollars.")


class CacheLookSerializer(serializers.Serializer[object]):
    level = serializers.ChoiceField(
        choices=["exact", "semantic"], help_text="`exact` is the same request, `semantic` the same in other words."
    )
    outcome = serializers.ChoiceField(choices=["hit", "miss", "skipped"])
    ms = serializers.FloatField()
    probability = serializers.FloatField(
        allow_null=True, help_text="That the likeliest earlier question means the same; null where none was near."
    )
    reason = serializers.CharField(allow_blank=True, help_text="Why it had nothing, or was skipped.")


class TokensSerializer(serializers.Serializer[object]):
    prompt = serializers.IntegerField()
    completion = serializers.IntegerField()


class ModelTraceSerializer(serializers.Serializer[object]):
    trace_id = serializers.CharField()
    ladder = serializers.CharField()
    target = serializers.CharField(help_text="The model or alias that was asked for.")
    operation = serializers.CharField()
    model = serializers.CharField(allow_blank=True, help_text="Which answered; empty where none did.")
    tier = serializers.CharField()
    cache = serializers.CharField(allow_blank=True, help_text="How an earlier answer was found, if this is one.")
    cache_levels = CacheLookSerializer(
        many=True, help_text="How earlier answers were looked for, in order; empty where the name keeps none."
    )
    answered = serializers.BooleanField(help_text="Whether there is an answer, and a tier of `auto` was sure.")
    error = serializers.CharField(allow_blank=True, help_text="The code of the error, where there is no answer.")
    cost = serializers.FloatField(help_text="In US dollars.")
    tokens = TokensSerializer()
    steps = StepSerializer(many=True, help_text="The tiers of `auto`, in order.")
    attempts = AttemptSerializer(many=True, help_text="Requests to providers.")


class ModelTraceView(ApiView):
    """How one answer was reached."""

    @describe_read(
        "Show how a model's answer was reached",
        {200: ModelTraceSerializer},
        description="By the id that the gateway's `X-Touchstone-Trace` names. Kept for a day, for who asked, with "
        "whichever of their keys. What was asked and answered is not in it.",
        errors=[404],
        operation_id="inference_traces_retrieve",
    )
    def get(self, request: Request, trace_id: str) -> Response:
        trace = find_trace(trace_id, request.user.pk)
        if trace is None:
            raise Http404("You have no such trace, or it is older than a day.")
        return Response(trace)
