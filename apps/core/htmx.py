"""What a view may ask of a request that htmx may have sent."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class PageRequest(HttpRequest):
    """A request as pages get it; `htmx.target` is the id of the element that waits for the answer."""

    htmx: HtmxDetails
