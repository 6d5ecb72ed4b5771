"""Pages of this app."""

from django.urls import path

from leaderboard import views

app_name = "leaderboard"
urlpatterns = [
    path("c/<slug:challenge>/results/", views.edition, name="edition"),
    path("c/<slug:challenge>/results/certificates/<slug:kind>/", views.certificates, name="certificates"),
    path("c/<slug:challenge>/results/methods.md", views.methods, name="methods"),
    path("c/<slug:challenge>/results/<slug:kind>/", views.edition_file, name="edition_file"),
    path("c/<slug:challenge>/<slug:question>/board/", views.board, name="board"),
    path("c/<slug:challenge>/<slug:question>/board.csv", views.board_csv, name="board_csv"),
]
