"""What was curated, as the parts that call models see it: frozen, and read anew once a second at most."""

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils.functional import cached_property

from apps.inference.errors import UnknownModel
from apps.inference.exchange import ModelTier, Operation, Prices
from apps.inference.models import Alias, AliasModel, CacheLevel, Provider, ProviderKind, ServedModel, TooLong

LOOK_SECONDS = 1.0

log = structlog.get_logger("touchstone.inference")


@dataclass(frozen=True, slots=True)
class CuratedProvider:
    """Times are in seconds."""

    id: int
    name: str
    kind: ProviderKind
    base_url: str
    management_url: str
    api_key: str = field(repr=False)
    connect_timeout: float
    timeout: float
    max_connections: int
    kept_connections: int


@dataclass(frozen=True, slots=True)
class CuratedModel:
    id: int
    name: str
    remote_name: str
    provider: CuratedProvider
    operation: Operation
    tier: ModelTier
    can_stream: bool
    can_use_tools: bool
    can_keep_schema: bool
    context_tokens: int
    max_output_tokens: int
    max_input_characters: int
    too_long: TooLong
    batch_size: int
    prices: Prices


@dataclass(frozen=True, slots=True)
class CuratedAlias:
    id: int
    name: str
    description: str
    models: tuple[CuratedModel, ...]
    cache: CacheLevel = CacheLevel.OFF
    cache_public: bool = False


@dataclass(frozen=True)
class Curated:
    """Active models of active providers, and active aliases of these, by their names."""

    models: Mapping[str, CuratedModel]
    aliases: Mapping[str, CuratedAlias]

    def find(self, name: str) -> tuple[CuratedModel, ...]:
        """The models to try for a name, in order. Raises UnknownModel, also for an alias that has none left."""
        alias = self.aliases.get(name)
        if alias is not None and alias.models:
            return alias.models
        model = self.models.get(name)
        if model is None:
            raise UnknownModel(f"{name} is neither a model nor an alias")
        return (model,)

    @cached_property
    def providers(self) -> dict[int, CuratedProvider]:
        return {model.provider.id: model.provider for model in self.models.values()}


def get_curated() -> Curated:
    """As it was a second ago at most. It is the same object for as long as nothing changed."""
    return _kept.get()


async def get_curated_async() -> Curated:
    """The same without a wait but for the first: who comes when it is time to look gets what is known."""
    return await _kept.get_async()


def forget_curated() -> None:
    """The next who asks reads the tables: for who has just changed them."""
    _kept.forget()


def read_curated() -> Curated:
    """Asks the database, three times."""
    providers = {row.pk: freeze_provider(row) for row in Provider.objects.filter(is_active=True)}
    models = {
        row.pk: freeze_model(row, providers[row.provider_id])
        for row in ServedModel.objects.filter(is_active=True, provider__in=providers)
    }
    order: dict[int, list[CuratedModel]] = {}
    for entry in AliasModel.objects.filter(model__in=models):
        order.setdefault(entry.alias_id, []).append(models[entry.model_id])
    aliases = {row.name: freeze_alias(row, order.get(row.pk, ())) for row in Alias.objects.filter(is_active=True)}
    return Curated({model.name: model for model in models.values()}, aliases)


def freeze_alias(row: Alias, models: Iterable[CuratedModel]) -> CuratedAlias:
    return CuratedAlias(row.pk, row.name, row.description, tuple(models), CacheLevel(row.cache), row.cache_public)


def freeze_provider(row: Provider) -> CuratedProvider:
    return CuratedProvider(
        row.pk,
        row.name,
        ProviderKind(row.kind),
        row.base_url.rstrip("/"),
        row.management_url.rstrip("/"),
        row.api_key,
        row.connect_timeout,
        row.timeout,
        row.max_connections,
        row.kept_connections,
    )


def freeze_model(row: ServedModel, provider: CuratedProvider) -> CuratedModel:
    return CuratedModel(
        row.pk,
        row.name,
        row.remote_name,
        provider,
        Operation(row.operation),
        ModelTier(row.tier),
        row.can_stream,
        row.can_use_tools,
        row.can_keep_schema,
        row.context_tokens,
        row.max_output_tokens,
        row.max_input_characters,
        TooLong(row.too_long),
        row.batch_size,
        Prices(row.price_in, row.price_out),
    )


class _Kept:
    """What one process knows, and when it looked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._curated: Curated | None = None
        self._looked = 0.0

    def get(self) -> Curated:
        curated = self._curated
        if curated is not None and not self._is_due():
            return curated
        with self._lock:
            if self._curated is None or self._is_due():
                self._look()
            assert self._curated is not None
            return self._curated

    async def get_async(self) -> Curated:
        curated = self._curated
        if curated is None:
            return await asyncio.to_thread(self._get_in_thread)
        if self._is_due():
            self._looked = time.monotonic()
            asyncio.get_running_loop().run_in_executor(None, self._look_in_thread)
        return curated

    def forget(self) -> None:
        with self._lock:
            self._curated = None

    def _is_due(self) -> bool:
        return time.monotonic() - self._looked >= LOOK_SECONDS

    def _look(self) -> None:
        """Keeps what is known while the database is away, and raises DatabaseError where nothing is."""
        self._looked = time.monotonic()
        try:
            curated = read_curated()
        except DatabaseError:
            if self._curated is None:
                raise
            log.warning("curated_not_read")
            return
        if curated != self._curated:
            self._curated = curated

    def _get_in_thread(self) -> Curated:
        try:
            return self.get()
        finally:
            close_old_connections()

    def _look_in_thread(self) -> None:
        with self._lock:
            try:
                self._look()
            finally:
                close_old_connections()


_kept = _Kept()
