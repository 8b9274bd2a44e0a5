"""Ids of requests and traces."""

import random


def new_id() -> str:
    """32 hex digits that no other has. They are names and no secrets: so they cost no call to the system."""
    return f"{random.getrandbits(128):032x}"
