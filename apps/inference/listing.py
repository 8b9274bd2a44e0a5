"""Which models a provider says it has, and adding those that are not here yet."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from apps.core.errors import InvalidInput
from apps.core.outgoing import NotReached, ask
from apps.core.secrets.fields import UnreadableText
from apps.inference.curating import save_model
from apps.inference.errors import BadAnswer, ConnectionFailed, InferenceError, Misconfigured, NotSupported
from apps.inference.exchange import Operation
from apps.inference.models import Provider, ProviderKind, ServedModel

MAX_ANSWER = 2_000_000
"""Bytes of a list of models."""
MAX_LISTED = 500
UNFIT = re.compile(r"[^a-z0-9._:/-]+")
EMBEDS = re.compile(r"embed|minilm|\bbge\b|\be5\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A model that a provider has. `name` is what it may be called here; `operation` is a guess by its name."""

    remote_name: str
    name: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model to add. Prices are US dollars for a million tokens."""

    remote_name: str
    name: str
    operation: str
    tier: str
    price_in: Decimal
    price_out: Decimal


def find_new_models(provider: Provider) -> list[Found]:
    """Those that the provider lists and that are not here, by name. Asks the provider. Raises InferenceError."""
    known = set(provider.models.values_list("remote_name", flat=True))
    listed = sorted({name for name in list_names(provider) if 0 < len(name) <= 200} - known)[:MAX_LISTED]
    return [Found(name, make_name(name), guess_operation(provider, name)) for name in listed]


def list_names(provider: Provider) -> list[str]:
    """What the provider calls its models. Raises InferenceError."""
    if provider.kind == ProviderKind.OPENAI:
        rows, name = ask_list(provider, f"{provider.base_url.rstrip('/')}/models", "data"), "id"
    elif provider.kind == ProviderKind.TORCHSERVE:
        if not provider.management_url:
            raise Misconfigured(message="Its models are read from its management address, which is not set.")
        rows, name = ask_list(provider, f"{provider.management_url.rstrip('/')}/models", "models"), "modelName"
    else:
        raise NotSupported(message="What is on this machine has the one model that it came with.")
    return [row[name] for row in rows if isinstance(row, dict) and isinstance(row.get(name), str)]


def ask_list(provider: Provider, url: str, field: str) -> list[object]:
    """The list in this field of what the address answers. Raises InferenceError, with what it said as its detail."""
    if isinstance(provider.api_key, UnreadableText):
        raise Misconfigured(message="The provider's key cannot be read: enter it again.")
    headers = {"Accept": "application/json"}
    if provider.api_key:
        headers["Authorization"] = f"Bearer {provider.api_key}"
    try:
        allow_inner = settings.PROVIDER_PRIVATE_NETWORKS
        answer = ask("GET", url, headers=headers, allow_inner=allow_inner, max_answer=MAX_ANSWER)
    except NotReached as error:
        raise ConnectionFailed(str(error)) from error
    if answer.status != 200:
        raise fault_of(answer.status, answer.body[:300].decode(errors="replace"))
    try:
        rows = json.loads(answer.body)[field]
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnswer(f"{url} answered no list of models") from error
    if not isinstance(rows, list):
        raise BadAnswer(f"{url} answered no list of models")
    return rows


def fault_of(status: int, said: str) -> InferenceError:
    fault = Misconfigured if status in (401, 403, 404) else BadAnswer
    return fault(f"It answered {status}: {said}")


def make_name(remote_name: str) -> str:
    """A name as ours are, of another's: `Qwen/Qwen2.5 7B` is `qwen/qwen2.5-7b`."""
    return UNFIT.sub("-", remote_name.lower()).strip("-._:/")[:100]


def guess_operation(provider: Provider, name: str) -> Operation:
    if provider.kind == ProviderKind.TORCHSERVE:
        return Operation.PREDICTION
    return Operation.EMBEDDING if EMBEDS.search(name) else Operation.CHAT


@transaction.atomic
def add_models(*, provider: Provider, wanted: Sequence[Wanted]) -> list[ServedModel]:
    """All of them, or none: raises InvalidInput naming the first field at fault of the first model, as `3.name`."""
    added = []
    for place, one in enumerate(wanted):
        model = ServedModel(
            provider=provider,
            name=one.name,
            remote_name=one.remote_name,
            operation=one.operation,
            tier=one.tier,
            price_in=one.price_in,
            price_out=one.price_out,
            can_stream=one.operation in (Operation.CHAT, Operation.COMPLETION),
        )
        try:
            added.append(save_model(model=model))
        except InvalidInput as error:
            raise InvalidInput({f"{place}.{field}": reason for field, reason in error.errors.items()}) from error
    return added
