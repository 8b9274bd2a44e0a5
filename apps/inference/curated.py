"""What was curated, as the parts that call models see it: frozen, and read anew once a second at most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import cached_property

from apps.inference.errors import NoModels, UnknownModel
from apps.inference.exchange import ModelTier, Operation, Prices
from apps.inference.kept import Kept
from apps.inference.models import Alias, AliasModel, CacheLevel, Provider, ProviderKind, ServedModel, TooLong

LOOK_SECONDS = 1.0


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
    cache_seconds: int | None = None
    """None is as the caches of models are set."""
    cache_threshold: float | None = None
    """None is the fitted one."""


@dataclass(frozen=True)
class Curated:
    """Active models of active providers, and active aliases of these, by their names."""

    models: Mapping[str, CuratedModel]
    aliases: Mapping[str, CuratedAlias]

    def find(self, name: str) -> tuple[CuratedModel, ...]:
        """The models to try for a name, in order. Raises UnknownModel, and NoModels for an alias that has none left."""
        alias = self.aliases.get(name)
        if alias is not None:
            if not alias.models:
                raise NoModels(f"the alias {name} has no active model of an active provider")
            return alias.models
        model = self.models.get(name)
        if model is None:
            raise UnknownModel(f"{name} is neither an active model nor an active alias")
        return (model,)

    @cached_property
    def providers(self) -> dict[int, CuratedProvider]:
        return {model.provider.id: model.provider for model in self.models.values()}


def get_curated() -> Curated:
    """As it was a second ago at most. It is the same object for as long as nothing changed."""
    return _kept.get()


async def get_curated_async() -> Curated:
    """As it was two seconds ago at most, for an event loop."""
    return await _kept.get_async()


def forget_curated() -> None:
    """The next who asks reads the tables: for who has just changed them."""
    _kept.forget()


def read_curated() -> Curated:
    """Asks the database four times: what has others in it first, so that what is added meanwhile is not half there."""
    alias_rows = list(Alias.objects.filter(is_active=True))
    entries = list(AliasModel.objects.filter(alias__in=alias_rows))
    model_rows = list(ServedModel.objects.filter(is_active=True))
    providers = {row.pk: freeze_provider(row) for row in Provider.objects.filter(is_active=True)}
    models = {
        row.pk: freeze_model(row, providers[row.provider_id]) for row in model_rows if row.provider_id in providers
    }
    order: dict[int, list[CuratedModel]] = {}
    for entry in entries:
        if entry.model_id in models:
            order.setdefault(entry.alias_id, []).append(models[entry.model_id])
    aliases = {row.name: freeze_alias(row, order.get(row.pk, ())) for row in alias_rows}
    return Curated({model.name: model for model in models.values()}, aliases)


def freeze_alias(row: Alias, models: Iterable[CuratedModel]) -> CuratedAlias:
    return CuratedAlias(
        row.pk,
        row.name,
        row.description,
        tuple(models),
        CacheLevel(row.cache),
        row.cache_public,
        row.cache_seconds,
        row.cache_threshold,
    )


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


_kept: Kept[Curated] = Kept("curated", read_curated, seconds=LOOK_SECONDS)
