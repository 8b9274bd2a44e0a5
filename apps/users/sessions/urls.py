from django.urls import path

from apps.users.sessions import views

urlpatterns = [
    path("", views.show_sessions, name="sessions"),
    path("state/", views.show_state, name="session_state"),
    path("renew/", views.renew_session, name="renew_session"),
    path("again/", views.show_signed_in_again, name="signed_in_again"),
    path("others/revoke/", views.revoke_others, name="end_other_sessions"),
    path("<int:pk>/name/", views.rename_session, name="rename_session"),
    path("<int:pk>/revoke/", views.revoke_session, name="end_session"),
]
