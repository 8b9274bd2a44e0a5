"""What can go wrong on the way to a model's file."""


class ModelFileError(Exception):
    """The model cannot be had, or is not what it should be; the message is one line."""
