"""For the health page: how the language model of this machine is. Having none is no fault."""

from django.conf import settings

from apps.core.embedded.errors import UsageError
from apps.core.embedded.home import resolve_home
from apps.core.embedded.language_model import answers, find_model, is_installed
from apps.core.health import Unhealthy

OTHERWISE = "the other tiers answer"


def check_language_model() -> str:
    try:
        model = find_model(settings.LANGUAGE_MODEL, settings.MODELS_DIR)
    except UsageError as error:
        raise Unhealthy(f"{error}; {OTHERWISE}") from error
    if model is None or not is_installed():
        return f"none on this machine; {OTHERWISE}"
    if not answers(resolve_home()):
        raise Unhealthy(f"{model.name} is loading or does not run; {OTHERWISE}")
    return model.name
