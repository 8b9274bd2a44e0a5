"""A column of which the database knows nothing but whether it is empty."""

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import Exact, Lookup

from apps.core.secrets.cipher import SecretUnreadable, decrypt, encrypt

ENTER_AGAIN = "cannot be read: enter it again"


class UnreadableText(str):
    """What is read where no key opens the column: it says so, and saving the row leaves the column as it was.

    It cannot be sent as bytes: `encode` raises SecretUnreadable, so that nothing is signed or called with these words.
    """

    stored: str

    @classmethod
    def of(cls, stored: str) -> "UnreadableText":
        text = cls(ENTER_AGAIN)
        text.stored = stored
        return text

    def encode(self, *args: Any, **kwargs: Any) -> bytes:
        raise SecretUnreadable


def is_left_unreadable(given: str, kept: str) -> bool:
    """Whether what somebody sent back is only what they were shown of a text that cannot be read."""
    return isinstance(kept, UnreadableText) and given == kept


class EncryptedField(models.TextField):
    """Text that is encrypted on its way into the database and decrypted on its way out; "" stays "".

    What no key opens is read as UnreadableText. The same text looks different in each row, so it can be looked up by
    nothing but being empty, and cannot be unique.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        if isinstance(text, UnreadableText):
            return text.stored
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        if not value:
            return value
        try:
            return decrypt(value)
        except SecretUnreadable:
            return UnreadableText.of(value)

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None


@EncryptedField.register_lookup
class IsEmpty(Exact):
    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            raise FieldError(f"{self.lhs.output_field} is encrypted: it can only be compared with an empty text.")
        return self.rhs
