"""Pages of this app."""

from django.urls import path

from anonymization import views

app_name = "anonymization"
urlpatterns = [
    path("c/<slug:challenge>/reviews/", views.reviews, name="reviews"),
    path("reviews/<int:pk>/", views.review, name="review"),
    path("reviews/<int:pk>/pictures/<int:number>.png", views.look, name="look"),
    path("reviews/<int:pk>/confirm/", views.confirm, name="confirm"),
    path("reviews/<int:pk>/refuse/", views.refuse, name="refuse"),
]
