"""Pages of this app."""

from django.urls import path

from uploads.views import exam, exams, sending

app_name = "uploads"
urlpatterns = [
    path("c/<slug:challenge>/<slug:question>/upload/", sending.upload, name="upload"),
    path("c/<slug:challenge>/<slug:question>/upload/feedback/", sending.feedback, name="feedback"),
    path("c/<slug:challenge>/<slug:question>/exams/", exams.exams, name="exams"),
    path("c/<slug:challenge>/<slug:question>/exams.csv", exams.export, name="export"),
    path("exams/<uuid:pk>/", exam.exam, name="exam"),
    path("exams/<uuid:pk>/progress/", exam.exam_progress, name="exam_progress"),
    path("exams/<uuid:pk>/withdraw/", exam.withdraw, name="withdraw"),
    path("centres/<int:pk>/leave/", exam.leave, name="withdraw_centre"),
]
