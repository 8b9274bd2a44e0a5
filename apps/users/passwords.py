"""Passwords made for people: random, and easy to read aloud and to type."""

import secrets

# Without 0 o 1 l i u v, which are mistaken for one another in many typefaces.
ALPHABET = "abcdefghjkmnpqrstwxyz23456789"
GROUPS = 4
GROUP_LENGTH = 4


def generate_password() -> str:
    """Four groups of four, such as `k3fm-7tqp-x8sd-hn9r`: 16 * log2(29) = 77 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
