from typing import Any

import factory
from django.db import transaction

from apps.inference.models import Alias, AliasModel, Provider, ServedModel


class ProviderFactory(factory.django.DjangoModelFactory[Provider]):
    class Meta:
        model = Provider

    name = factory.Sequence(lambda number: f"provider-{number}")
    base_url = "http://127.0.0.1:9/v1"


class ModelFactory(factory.django.DjangoModelFactory[ServedModel]):
    class Meta:
        model = ServedModel

    provider = factory.SubFactory(ProviderFactory)
    name = factory.Sequence(lambda number: f"model-{number}")
    remote_name = factory.SelfAttribute("name")


class AliasFactory(factory.django.DjangoModelFactory[Alias]):
    """`models` are put into it in their order; nobody else sees it without them."""

    class Meta:
        model = Alias
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"alias-{number}")

    @classmethod
    def create(cls, **kwargs: Any) -> Any:
        with transaction.atomic():
            return super().create(**kwargs)

    @factory.post_generation
    def models(self: Alias, create: bool, extracted: list[ServedModel] | None, **kwargs: object) -> None:
        for position, model in enumerate(extracted or ()):
            AliasModel.objects.create(alias=self, model=model, position=position)
