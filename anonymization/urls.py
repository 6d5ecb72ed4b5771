"""Pages of this app."""

from django.urls import path

from anonymization.views import corrections, reviews, series, texts

app_name = "anonymization"
urlpatterns = [
    path("c/<slug:challenge>/reviews/", reviews.reviews, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/pictures/<int:number>.png", reviews.look, name="look"),
    path("reviews/<int:pk>/confirm/", reviews.confirm, name="confirm"),
    path("exams/<uuid:pk>/thumbnails/", series.thumbnails, name="thumbnails"),
    path("exams/<uuid:pk>/thumbnails/<int:number>.png", series.thumbnail, name="thumbnail"),
    path("exams/<uuid:pk>/series/", series.series, name="series"),
    path("exams/<uuid:pk>/series/<int:number>.png", series.series_picture, name="series_picture"),
    path("reviews/<int:pk>/refuse/", reviews.refuse, name="refuse"),
    path("c/<slug:challenge>/<slug:question>/texts/", texts.texts, name="texts"),
    path("c/<slug:challenge>/<slug:question>/texts/words/", texts.decide, name="decide_words"),
    path("exams/<uuid:pk>/values/", corrections.values, name="values"),
    path("c/<slug:challenge>/<slug:question>/corrections/", corrections.corrections, name="corrections"),
    path("corrections/<int:pk>/mask.png", corrections.picture, name="correction_picture"),
    path("corrections/<int:pk>/confirm/", corrections.confirm, name="confirm_correction"),
    path("corrections/<int:pk>/reject/", corrections.reject, name="reject_correction"),
    path("texts/<int:pk>/", texts.read, name="text"),
    path("texts/<int:pk>/mark/", texts.mark, name="mark_text"),
]
