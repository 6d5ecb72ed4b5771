"""Pages of this app. The archive itself is sent by a raw route, `batches.sending`."""

from django.urls import path

from batches import views

app_name = "batches"
urlpatterns = [
    path("c/<slug:challenge>/<slug:question>/data/", views.data, name="data"),
    path("c/<slug:challenge>/<slug:question>/data/<uuid:pk>/deleted/", views.attest, name="attest_deletion"),
]
