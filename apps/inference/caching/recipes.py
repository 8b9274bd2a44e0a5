"""What of an exchange may be answered from a cache, and everything that makes its answer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from apps.inference.caching.entries import Keys, Terms, make_keys
from apps.inference.curated import Curated, CuratedAlias, CuratedModel
from apps.inference.exchange import Exchange, Operation, Reply, Usage
from apps.inference.models import AUTO, CacheLevel

NOT_OF_THE_ANSWER = frozenset(("model", "stream", "stream_options", "user", "metadata", "store", "service_tier"))
VARIED = ("tools", "functions", "audio", "web_search_options", "logprobs")
"""What makes an answer more than what the question says: calls of functions act, and what the web says changes.

Of a stream's probabilities none would be kept.
"""
WHOLE = ("stop", None)
FORM = 1
"""Of what `pack` makes: part of every key, so that no other version's answers are found."""


@dataclass(frozen=True, slots=True)
class Recipe:
    keys: Keys
    alias: CuratedAlias
    owner: str
    digest: str
    """Of what is curated behind the alias."""

    @property
    def tags(self) -> tuple[str, ...]:
        return (f"alias:{self.alias.name}",)

    @property
    def terms(self) -> Terms:
        return Terms(self.alias.cache_seconds, name_group(self.alias.id))


def read_recipe(exchange: Exchange, curated: Curated) -> Recipe | None:
    """None where the alias keeps nothing, or the request asks for what differs each time."""
    alias = curated.aliases.get(exchange.target)
    if alias is None or alias.cache == CacheLevel.OFF or not may_repeat(exchange):
        return None
    version = describe_models(curated, alias)
    owner = exchange.caller.owner
    body = {name: value for name, value in exchange.body.items() if name not in NOT_OF_THE_ANSWER}
    try:
        whole = [FORM, exchange.operation.value, alias.id, alias.name, version, alias.cache_public, body]
        keys = make_keys(owner, whole)
    except TypeError:
        return None
    return Recipe(keys.only(public=alias.cache_public), alias, owner, version)


def name_group(alias_id: int) -> str:
    """What an alias's look-ups are counted under, whatever it is called."""
    return f"alias:{alias_id}"


def may_repeat(exchange: Exchange) -> bool:
    """Whether the same answer again is what is wanted.

    Who asks for several answers, for tools, or for chance (a temperature above 0, without a seed) wants another one.
    Who says nothing of the temperature takes what the alias is set to.
    """
    body = exchange.body
    if exchange.operation in (Operation.EMBEDDING, Operation.PREDICTION):
        return True
    if any(body.get(name) for name in VARIED) or (body.get("n") or 1) != 1 or (body.get("best_of") or 1) != 1:
        return False
    return not body.get("temperature") or body.get("seed") is not None


def is_whole(exchange: Exchange, reply: Reply) -> bool:
    """Whether an answer came to its end: one that was cut is never kept."""
    if exchange.operation in (Operation.EMBEDDING, Operation.PREDICTION):
        return bool(reply.body)
    choices = reply.body.get("choices") or ()
    return bool(choices) and all(choice.get("finish_reason") in WHOLE for choice in choices)


def describe_models(curated: Curated, alias: CuratedAlias) -> str:
    """A digest of everything curated that an answer of the alias comes of, the order and the prices too."""
    global _described
    if _described[0] is not curated:
        _described = (curated, {})
    known = _described[1]
    if alias.name not in known:
        models: Sequence[CuratedModel] = alias.models
        if not models and alias.name == AUTO:
            models = sorted(curated.models.values(), key=lambda model: model.name)
        facts = [describe_model(model) for model in models]
        known[alias.name] = hashlib.blake2b(orjson.dumps(facts), digest_size=16).hexdigest()
    return known[alias.name]


_described: tuple[Curated | None, dict[str, str]] = (None, {})


def describe_model(model: CuratedModel) -> list[Any]:
    provider = model.provider
    return [
        model.id, model.name, model.remote_name, model.tier.value, model.context_tokens, model.max_output_tokens,
        model.max_input_characters, model.too_long.value, str(model.prices.prompt), str(model.prices.completion),
        model.can_use_tools, model.can_keep_schema, provider.id, provider.kind.value, provider.base_url,
    ]  # fmt: skip


def pack(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "body": reply.body,
        "model": reply.model,
        "provider": reply.provider,
        "tier": reply.tier,
        "usage": [usage.prompt, usage.completion, usage.estimated],
    }


def unpack(kept: Any, level: str) -> Reply | None:
    """An earlier answer, which costs nothing now. Its usage is what it was. None where it is none, or damaged."""
    try:
        usage = Usage(*kept["usage"])
        return Reply(kept["body"], kept["model"], kept["provider"], kept["tier"], usage, Decimal(0), (), level)
    except (KeyError, TypeError):
        return None
