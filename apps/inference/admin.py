"""Inference in the back office: Django looks for admins here."""

from apps.inference.admin_budgets import BudgetAdmin
from apps.inference.admin_caches import CacheAdmin
from apps.inference.admin_calls import CallAdmin
from apps.inference.admin_models import AliasAdmin, ServedModelAdmin
from apps.inference.admin_providers import ProviderAdmin

__all__ = ["AliasAdmin", "BudgetAdmin", "CacheAdmin", "CallAdmin", "ProviderAdmin", "ServedModelAdmin"]
