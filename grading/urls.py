"""Pages of this app."""

from django.urls import path

from grading import views, views_agreement, views_exam

app_name = "grading"
urlpatterns = [
    path("readings/", views.queue, name="queue"),
    path("readings/<uuid:pk>/", views.reading, name="reading"),
    path("readings/<uuid:pk>/volume", views.volume, name="volume"),
    path("readings/<uuid:pk>/mask", views.mask, name="mask"),
    path("readings/<uuid:pk>/opened/", views.opened, name="opened"),
    path("readings/<uuid:pk>/grade/", views.grade, name="grade"),
    path("readings/<uuid:pk>/cannot-judge/", views.judge_not, name="cannot_judge"),
    path("readings/<uuid:pk>/undo/", views.undo, name="undo"),
    path("exams/<uuid:pk>/images/", views_exam.exam_images, name="exam_images"),
    path("exams/<uuid:pk>/images/volume", views_exam.exam_volume, name="exam_volume"),
    path("exams/<uuid:pk>/images/mask", views_exam.exam_mask, name="exam_mask"),
    path("c/<slug:challenge>/<slug:question>/agreement/", views_agreement.agreement, name="agreement"),
    path("c/<slug:challenge>/<slug:question>/agreement/decide/", views_agreement.adjudicate, name="adjudicate"),
]
