"""What can go wrong with the embedded services, told in one line."""


class EmbeddedError(Exception):
    """The embedded services cannot be had; the message is one line a person can act on."""


class HomeInUseError(EmbeddedError):
    """Another process holds the home."""


class UsageError(EmbeddedError):
    """The command was called in a way that cannot work: a port that is taken, a number out of range."""
