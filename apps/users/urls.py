from django.urls import include, path

from apps.users import views
from apps.users.accounts import member_views as members
from apps.users.accounts import views as accounts

app_name = "users"
urlpatterns = [
    path("", accounts.show_account, name="account"),
    path("sessions/", include("apps.users.sessions.urls")),
    path("keys/", views.keep_keys, name="keys"),
    path("keys/<int:pk>/renew/", views.renew_key, name="renew_key"),
    path("keys/<int:pk>/revoke/", views.end_key, name="end_key"),
    path("keys/tokens/<uuid:pk>/revoke/", views.end_family, name="end_family"),
    path("invitation/", accounts.join, name="join"),
    path("invitation/<str:token>/", accounts.open_invitation, name="invitation"),
    path("members/", members.list_members, name="members"),
    path("members/<int:pk>/", members.show_member, name="member"),
    path("members/invitations/", members.invite, name="invitations"),
    path("members/invitations/<int:pk>/resend/", members.resend_invitation, name="resend_invitation"),
    path("members/invitations/<int:pk>/withdraw/", members.withdraw_invitation, name="withdraw_invitation"),
    path("members/<int:pk>/role/", members.set_role, name="set_member_role"),
    path("members/<int:pk>/active/", members.set_active, name="set_member_active"),
    path("members/<int:pk>/password/", members.make_password_link, name="make_member_password_link"),
    path("members/<int:pk>/second-factor/", members.remove_factors, name="remove_member_factors"),
]
