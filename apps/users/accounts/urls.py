"""The addresses of django-allauth that Touchstone offers. They stay without a namespace: allauth looks for them so."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account import views as account
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path


def refuse(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The view, answering a form that was filled in wrongly with 422 as all pages do, where allauth says 200."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK and isinstance(response, TemplateResponse):
            form = (response.context_data or {}).get("form")
            if form is not None and form.errors:
                response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    return answer


urlpatterns = [
    path("login/", refuse(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
]
