from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import TemplateView

from apps.users import views

app_name = "users"
urlpatterns = [
    path("", views.show_account, name="account"),
    path("password/", views.PasswordChangeView.as_view(), name="password_change"),
    path(
        "password/done/",
        login_required(TemplateView.as_view(template_name="users/password_change_done.html")),
        name="password_change_done",
    ),
    path("sessions/", include("apps.users.sessions.urls")),
    path("keys/", views.add_key, name="add_key"),
    path("keys/<int:pk>/revoke/", views.end_key, name="end_key"),
]
