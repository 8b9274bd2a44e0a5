from django.urls import include, path

from apps.users import views
from apps.users.accounts import views as accounts

app_name = "users"
urlpatterns = [
    path("", accounts.show_account, name="account"),
    path("sessions/", include("apps.users.sessions.urls")),
    path("keys/", views.keep_keys, name="keys"),
    path("keys/<int:pk>/revoke/", views.end_key, name="end_key"),
    path("invitation/", accounts.join, name="join"),
    path("invitation/<str:token>/", accounts.open_invitation, name="invitation"),
    path("members/", accounts.list_members, name="members"),
    path("members/invite/", accounts.invite, name="invite"),
    path("members/invitations/<int:pk>/resend/", accounts.resend_invitation, name="resend_invitation"),
    path("members/invitations/<int:pk>/withdraw/", accounts.withdraw_invitation, name="withdraw_invitation"),
    path("members/<int:pk>/role/", accounts.set_role, name="set_member_role"),
    path("members/<int:pk>/active/", accounts.set_active, name="set_member_active"),
    path("members/<int:pk>/second-factor/", accounts.remove_factors, name="remove_member_factors"),
]
