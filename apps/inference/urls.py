from django.urls import path

from apps.inference import views

app_name = "inference"
urlpatterns = [
    path("", views.show_performance, name="performance"),
    path("reset/", views.reset_figures, name="reset_performance"),
    path("calls/", views.list_calls, name="calls"),
    path("calls/keep/", views.keep_texts, name="keep_texts"),
    path("calls/forget/", views.forget_kept, name="forget_texts"),
]
