from django.urls import path

from apps.functions import views

app_name = "functions"
urlpatterns = [
    path("", views.search, name="search"),
    path("all/", views.browse, name="browse"),
    path("change/", views.change_functions, name="change"),
    path("index-state/", views.show_index_state, name="index_state"),
    path("import/", views.import_file, name="import"),
    path("new/", views.add_function, name="new"),
    path("<int:pk>/", views.show_function, name="detail"),
    path("<int:pk>/edit/", views.edit_function, name="edit"),
    path("<int:pk>/state/", views.set_state, name="set_state"),
    path("<int:pk>/restore/", views.restore_revision, name="restore"),
    path("<int:pk>/revisions/<int:number>/", views.show_revision, name="revision"),
]
