"""The product's addresses and one more: a bare Django view, which the same server answers in the same way."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def answer_bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


# Under the API's prefix: whatever the product spares its API, the bare view is spared as well. By its name it takes the
# row of a page that is everybody's: what has no row in the access table is refused.
urlpatterns = [path("api/v1/bare/", answer_bare, name="live"), *product]
