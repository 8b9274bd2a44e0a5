"""What can go wrong with a call to a model: what its caller is told, and what the next step may be."""

from enum import StrEnum
from typing import Any


class Spent(StrEnum):
    """What a failed request has probably cost."""

    NOTHING = "nothing"
    SOME = "some"
    """The model was at work on it. Servers finish whole answers that nobody waits for, and stop streams."""
    MOST = "most"
    """There was an answer, and it is lost: as much as it may have cost is counted."""


class InferenceError(Exception):
    """`str()` is for the caller and names no address, key or provider; `detail` is for who looks after the provider.

    `retry_after` is in seconds, where it is known.
    """

    code = "inference"
    status = 502
    message = "The model gave no answer that can be used. Try again, or name another model."
    try_again = False
    """Whether the same model may be asked again."""
    try_next = True
    """Whether another model of the alias may answer."""
    breaks = False
    """Whether it counts as a failure of the provider."""
    is_answer = True
    """Whether the provider said so, where it is no failure: then it is there."""
    spent = Spent.NOTHING
    attempts: tuple[Any, ...] = ()
    """What was tried before it was raised to the caller."""

    def __init__(self, detail: str = "", *, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(message or self.message)
        self.detail = detail
        self.retry_after = retry_after


class ConnectionFailed(InferenceError):
    code = "connection"
    message = "The model's server can't be reached now. Try again in a moment."
    try_again = breaks = True


class TimedOut(InferenceError):
    code = "timeout"
    status = 504
    message = "The model did not answer in time. Ask for a shorter answer, or name another model."
    try_again = breaks = True
    spent = Spent.SOME


class RateLimited(InferenceError):
    code = "rate_limit"
    status = 429
    message = "The model takes no more requests for now. Try again in a moment, or name another model."
    try_again = True


class Refused(InferenceError):
    """The provider will not answer this request, whoever asks: something in it is wrong, or not allowed there."""

    code = "refused"
    status = 400
    message = "The model's server refused the request: something in it is not what this model takes."
    try_next = False


class BadAnswer(InferenceError):
    """An answer came that is none: an error of the server, no JSON, or nothing of the form that was asked for."""

    try_again = breaks = True


class LostAnswer(BadAnswer):
    """What the server answers cannot be read."""

    spent = Spent.MOST


class CutOff(LostAnswer):
    """The connection ended in its midst: of a stream, what came before is known."""

    spent = Spent.SOME


class WrongForm(InferenceError):
    """The model answered, after a second try too, in another form than the schema that was asked for."""

    code = "wrong_form"
    message = (
        "The model did not keep to the JSON schema, after a second try either. Simplify it, or name another model."
    )


class BreakerOpen(InferenceError):
    code = "breaker_open"
    status = 503
    message = (
        "The model's server failed several times and is left alone for a minute. Try again then, or name another model."
    )


class BudgetSpent(InferenceError):
    code = "budget_spent"
    status = 429
    message = "The budget for models is spent."


class InputTooLong(InferenceError):
    code = "input_too_long"
    status = 400
    message = "The text is longer than the model takes."


class NotSupported(InferenceError):
    code = "not_supported"
    status = 400
    message = "No model of this name can do what the request asks for."


class UnknownModel(InferenceError):
    code = "model_not_found"
    status = 404
    message = "There is no model or alias of this name. GET /v1/models lists those that there are."
    try_next = False


class NoModels(UnknownModel):
    """A name that is there, and stands for nothing that could be asked."""

    code = "no_models"
    message = "No model of this name can be asked now. Whoever looks after models can see why."


class Misconfigured(InferenceError):
    """The provider does not take our key, or does not know the model: somebody has to put it right."""

    code = "misconfigured"
    message = "The model is not set up rightly. Whoever looks after it can see why."
