"""Pages of this app."""

from django.urls import path

from uploads import views

app_name = "uploads"
urlpatterns = [
    path("c/<slug:challenge>/<slug:question>/upload/", views.upload, name="upload"),
    path("c/<slug:challenge>/<slug:question>/upload/feedback/", views.feedback, name="feedback"),
    path("c/<slug:challenge>/<slug:question>/exams/", views.exams, name="exams"),
    path("c/<slug:challenge>/<slug:question>/exams.csv", views.export, name="export"),
    path("exams/<uuid:pk>/", views.exam, name="exam"),
    path("exams/<uuid:pk>/progress/", views.exam_progress, name="exam_progress"),
    path("exams/<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
]
