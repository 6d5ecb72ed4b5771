"""Pages of this app."""

from django.urls import path

from uploads.views import dicomweb, exam, exams, sending

app_name = "uploads"
DICOMWEB = "dicomweb/<slug:challenge>/<slug:question>/studies"
STUDY = f"{DICOMWEB}/<str:study>"
SERIES = f"{STUDY}/series/<str:series>"
INSTANCE = f"{SERIES}/instances/<str:instance>"
urlpatterns = [
    path("c/<slug:challenge>/<slug:question>/upload/", sending.upload, name="upload"),
    path("c/<slug:challenge>/<slug:question>/upload/feedback/", sending.feedback, name="feedback"),
    path("c/<slug:challenge>/<slug:question>/exams/", exams.exams, name="exams"),
    path("c/<slug:challenge>/<slug:question>/exams.csv", exams.export, name="export"),
    path("exams/<uuid:pk>/", exam.exam, name="exam"),
    path("exams/<uuid:pk>/progress/", exam.exam_progress, name="exam_progress"),
    path("exams/<uuid:pk>/withdraw/", exam.withdraw, name="withdraw"),
    path("centres/<int:pk>/leave/", exam.leave, name="withdraw_centre"),
    path(DICOMWEB, dicomweb.studies, name="dicomweb_studies"),
    path(STUDY, dicomweb.retrieve, name="dicomweb_study"),
    path(f"{STUDY}/metadata", dicomweb.metadata, name="dicomweb_study_metadata"),
    path(f"{STUDY}/series", dicomweb.series_list, name="dicomweb_series_list"),
    path(f"{STUDY}/instances", dicomweb.instance_list, name="dicomweb_study_instances"),
    path(SERIES, dicomweb.retrieve, name="dicomweb_series"),
    path(f"{SERIES}/metadata", dicomweb.metadata, name="dicomweb_series_metadata"),
    path(f"{SERIES}/instances", dicomweb.instance_list, name="dicomweb_instances"),
    path(INSTANCE, dicomweb.retrieve, name="dicomweb_instance"),
    path(f"{INSTANCE}/metadata", dicomweb.metadata, name="dicomweb_instance_metadata"),
    path(f"{INSTANCE}/frames/<str:numbers>", dicomweb.frames, name="dicomweb_frames"),
    path(f"{INSTANCE}/rendered", dicomweb.render, name="dicomweb_rendered"),
    path(f"{INSTANCE}/frames/<int:number>/rendered", dicomweb.render, name="dicomweb_frame_rendered"),
]
