"""Forms of the back office. What they let through, `curating` takes."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.forms.utils import ErrorDict
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from apps.core.errors import InvalidInput
from apps.inference import curating
from apps.inference.exchange import ModelTier, Operation
from apps.inference.listing import MAX_LISTED, Found, Wanted
from apps.inference.models import AliasModel, Budget, Provider, ServedModel, check_name
from apps.inference.trying import MAX_QUESTION, QUESTION

NO_AUTOFILL = {"autocomplete": "new-password"}


def as_sentence(reason: str) -> str:
    text = reason[:1].upper() + reason[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


class ProviderForm(forms.ModelForm):
    """The key is written and never shown."""

    key = forms.CharField(
        required=False,
        max_length=curating.MAX_KEY,
        label="New key",
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs=NO_AUTOFILL),
        help_text="Left empty, what there is stays. Servers on your own network often need none.",
    )
    remove_key = forms.BooleanField(required=False, label="Take the key away", widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = Provider
        fields = [
            "name", "kind", "base_url", "management_url", "is_active", "connect_timeout", "timeout", "max_connections",
            "kept_connections",
        ]  # fmt: skip

    def new_key(self) -> str | None:
        """None where it stays."""
        return self.cleaned_data.get("key") or ("" if self.cleaned_data.get("remove_key") else None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("key") and cleaned.get("remove_key"):
            self.add_error("remove_key", "Enter a new key or take the key away, not both.")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's hook, which its stubs leave out
        if {"base_url", "management_url"} & self.errors.keys():
            return
        try:
            curating.check_key(self.instance, self.new_key())
        except InvalidInput as error:
            for field, reason in error.errors.items():
                self.add_error(field, as_sentence(reason))


class AliasModelForm(forms.ModelForm):
    position = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        label="Order",
        widget=UnfoldAdminIntegerFieldWidget(attrs={"aria-label": "Order"}),
        help_text="Lower ones are tried first; without a number it comes last.",
    )

    class Meta:
        model = AliasModel
        fields = ["model", "position"]
        widgets: ClassVar = {"model": UnfoldAdminSelectWidget(attrs={"aria-label": "Model"})}

    def has_changed(self) -> bool:
        """A new row with nothing but an order, which dragging others gives it, is an empty one."""
        return super().has_changed() and (bool(self.instance.pk) or "model" in self.changed_data)

    def clean_position(self) -> int:
        """Django saves no row of these: `chosen` reads the order."""
        position: int | None = self.cleaned_data["position"]
        return 1001 if position is None else position


class AliasModelFormSet(PaginationInlineFormSet):
    def chosen(self) -> list[ServedModel]:
        """In their order."""
        kept = [form for form in self.forms if form.cleaned_data.get("model") and not self._should_delete_form(form)]
        return [form.cleaned_data["model"] for form in sorted(kept, key=lambda form: form.cleaned_data["position"])]

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        try:
            curating.check_together(self.chosen())
        except InvalidInput as error:
            raise forms.ValidationError([f"The models {reason}." for reason in error.errors.values()]) from error


class BudgetForm(forms.ModelForm):
    class Meta:
        model = Budget
        fields = ["key", "user", "alias", "period", "dollars", "tokens"]
        labels = {"user": "Person"}


class TryForm(forms.Form):
    question = forms.CharField(
        initial=QUESTION,
        max_length=MAX_QUESTION,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="It is really asked: it takes time, and costs what a call costs.",
    )


class TryProviderForm(TryForm):
    """Also says which of the provider's models is asked."""

    model = forms.ModelChoiceField(
        queryset=ServedModel.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, provider: Provider, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = provider.models.filter(is_active=True)
        self.fields["model"].queryset = models  # type: ignore[attr-defined]
        self.fields["model"].initial = models.first()
        self.order_fields(["model", "question"])


class FoundForm(forms.Form):
    """One model that a provider has, as it may be added."""

    add = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    remote_name = forms.CharField(max_length=200, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, validators=[check_name], widget=UnfoldAdminTextInputWidget)
    operation = forms.ChoiceField(choices=[(one.value, one.value) for one in Operation], widget=UnfoldAdminSelectWidget)
    tier = forms.ChoiceField(
        choices=[(one.value, one.value) for one in ModelTier], initial="large", widget=UnfoldAdminSelectWidget
    )
    price_in = forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=6, initial=0, widget=UnfoldAdminDecimalFieldWidget
    )
    price_out = forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=6, initial=0, widget=UnfoldAdminDecimalFieldWidget
    )

    def full_clean(self) -> None:
        """What is not to be added may say what it likes."""
        super().full_clean()
        if self.is_bound and not self.cleaned_data.get("add"):
            self._errors = ErrorDict()

    def wanted(self) -> Wanted:
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if name != "add"})


class BaseFoundFormSet(forms.BaseFormSet):
    def chosen(self) -> list[FoundForm]:
        return [form for form in self.forms if form.cleaned_data.get("add")]

    def add_input_errors(self, error: InvalidInput) -> None:
        """Puts what was refused, as `3.name`, beside the third of the chosen."""
        chosen = self.chosen()
        for path, reason in error.errors.items():
            place, _, field = path.partition(".")
            form = chosen[int(place)]
            form.add_error(field if field in form.fields else None, as_sentence(reason))


FoundFormSet = forms.formset_factory(
    FoundForm, formset=BaseFoundFormSet, extra=0, max_num=MAX_LISTED, absolute_max=MAX_LISTED
)


def show_found(found: Sequence[Found]) -> "forms.BaseFormSet[Any]":
    rows = [{"remote_name": one.remote_name, "name": one.name, "operation": one.operation.value} for one in found]
    return FoundFormSet(initial=rows)
