"""Pages of this app."""

from django.urls import path

from grading import views

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
    path("c/<slug:challenge>/<slug:question>/agreement/", views.agreement, name="agreement"),
    path("c/<slug:challenge>/<slug:question>/agreement/decide/", views.adjudicate, name="adjudicate"),
]
