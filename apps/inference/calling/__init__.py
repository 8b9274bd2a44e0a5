"""The one client around all providers: order of models, deadline, retries, breaker, budget, batches, repair, record."""

from apps.inference.calling.client import call_async, open_stream
from apps.inference.calling.loop import call
from apps.inference.calling.streams import Stream

__all__ = ["Stream", "call", "call_async", "open_stream"]
