"""A column of which the database knows nothing but whether it is empty."""

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact, Lookup

from apps.core.secrets.cipher import decrypt, encrypt


class EncryptedField(models.TextField):
    """Text that is encrypted on its way into the database and decrypted on its way out; "" stays "".

    Reading raises SecretUnreadable where no key opens it. The same text looks different in each row, so it can be
    looked up by nothing but being empty, and cannot be unique.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None


@EncryptedField.register_lookup
class IsEmpty(Exact):
    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError(f"{self.lhs.output_field} is encrypted: it can only be compared with an empty text.")
        return self.rhs
