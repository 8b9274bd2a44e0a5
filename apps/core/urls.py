from django.urls import path

from apps.core import design, views
from apps.core.home import views as home
from apps.core.palette.views import show_palette
from apps.core.tables import views as saved_views

app_name = "core"
urlpatterns = [
    path("", home.show_home, name="home"),
    path("home/<slug:name>/", home.show_tile, name="home_tile"),
    path("design/", design.show_design, name="design"),
    path("palette/", show_palette, name="palette"),
    path("views/save/", saved_views.save_view, name="save_view"),
    path("views/<int:pk>/rename/", saved_views.rename_view, name="rename_view"),
    path("views/<int:pk>/default/", saved_views.set_default, name="set_default_view"),
    path("views/<int:pk>/share/", saved_views.share_view, name="share_view"),
    path("views/<int:pk>/delete/", saved_views.delete_view, name="delete_view"),
    path("jobs/", views.list_jobs, name="jobs"),
    path("jobs/change/", views.change_jobs, name="change_jobs"),
    path("jobs/<int:pk>/", views.show_job, name="job"),
    path("jobs/<int:pk>/cancel/", views.cancel_job, name="cancel_job"),
    path("jobs/<int:pk>/seen/", views.see_job, name="see_job"),
]
