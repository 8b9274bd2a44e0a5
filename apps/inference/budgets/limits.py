"""Which budgets a call is on, as they were curated a second ago at most."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.inference.budgets.models import Budget, Period
from apps.inference.budgets.policies import Limit, in_units
from apps.inference.exchange import Caller
from apps.inference.kept import Kept

LOOK_SECONDS = 1.0
Limits = tuple[Limit, ...]


@dataclass(frozen=True)
class CuratedBudgets:
    """Limits by the ids of whom they are of."""

    keys: Mapping[int, Limits]
    users: Mapping[int, Limits]
    aliases: Mapping[int, Limits]

    def find(self, caller: Caller, alias: int | None) -> Limits:
        if not (self.keys or self.users or self.aliases):
            return ()
        of_key = self.keys.get(caller.key, ()) if caller.key is not None else ()
        of_user = self.users.get(caller.user, ()) if caller.user is not None else ()
        of_alias = self.aliases.get(alias, ()) if alias is not None else ()
        return of_key + of_user + of_alias


def read_budgets() -> CuratedBudgets:
    """Asks the database, once."""
    keys: dict[int, Limits] = {}
    users: dict[int, Limits] = {}
    aliases: dict[int, Limits] = {}
    for row in Budget.objects.all():
        for of, ids, owner in (
            ("key", keys, row.key_id),
            ("user", users, row.user_id),
            ("alias", aliases, row.alias_id),
        ):
            if owner is not None:
                ids[owner] = (*ids.get(owner, ()), freeze_budget(row, of))
    return CuratedBudgets(keys, users, aliases)


def freeze_budget(row: Budget, of: str) -> Limit:
    dollars = None if row.dollars is None else in_units(row.dollars)
    return Limit(row.pk, of, row.period == Period.MONTH, dollars, row.tokens)


budgets: Kept[CuratedBudgets] = Kept("budgets", read_budgets, seconds=LOOK_SECONDS)
