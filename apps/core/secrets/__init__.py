"""Secrets at rest: what a row keeps of them is readable only with the keys of SECRETS_KEYS."""

from apps.core.secrets.cipher import SecretUnreadable, decrypt, encrypt, is_current, reencrypt

__all__ = ["SecretUnreadable", "decrypt", "encrypt", "is_current", "reencrypt"]
