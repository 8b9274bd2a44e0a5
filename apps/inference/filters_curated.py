"""What lists of models, aliases and providers can be asked."""

from django_filters import CharFilter, ChoiceFilter, FilterSet, TypedChoiceFilter

from apps.inference.exchange import ModelTier, Operation
from apps.inference.models import Alias, Provider, ProviderKind, ServedModel


class ActiveFilter(TypedChoiceFilter):
    """`true` or `false`, and nothing else."""

    def __init__(self, what: str) -> None:
        super().__init__(
            field_name="is_active",
            choices=[("true", "Active"), ("false", "Not active")],
            coerce=lambda value: value == "true",
            help_text=f"true: only {what} that are active; false: only others.",
        )


class ModelFilter(FilterSet):
    provider = CharFilter(field_name="provider__name", help_text="Only models of the provider of this name.")
    operation = ChoiceFilter(choices=[(one.value, one.value) for one in Operation], help_text="Only what does this.")
    tier = ChoiceFilter(choices=[(one.value, one.value) for one in ModelTier], help_text="Only models of this tier.")
    alias = CharFilter(field_name="entries__alias__name", help_text="Only models that stand in this alias.")
    active = ActiveFilter("models")

    class Meta:
        model = ServedModel
        fields: list[str] = []


class AliasFilter(FilterSet):
    model = CharFilter(field_name="entries__model__name", help_text="Only aliases that have this model.")
    active = ActiveFilter("aliases")

    class Meta:
        model = Alias
        fields: list[str] = []


class ProviderFilter(FilterSet):
    kind = ChoiceFilter(choices=ProviderKind.choices, help_text="Only providers of this kind.")
    active = ActiveFilter("providers")

    class Meta:
        model = Provider
        fields: list[str] = []
