"""Pages of this app."""

from django.urls import path

from scoring.views import jury, submissions, submit

app_name = "scoring"
urlpatterns = [
    path("c/<slug:challenge>/<slug:question>/submit/", submit.submit_page, name="submit"),
    path("c/<slug:challenge>/<slug:question>/submit/verdicts/", submit.verdicts, name="verdicts"),
    path("c/<slug:challenge>/<slug:question>/sample/", submit.sample, name="sample"),
    path("c/<slug:challenge>/<slug:question>/kit/", submit.kit, name="kit"),
    path("c/<slug:challenge>/<slug:question>/results/", submissions.results, name="results"),
    path("submissions/<uuid:submission>/", submissions.submission, name="submission"),
    path("submissions/<uuid:submission>/cancel/", submissions.cancel, name="cancel"),
    path("submissions/<uuid:submission>/choose/", submissions.choose, name="choose"),
    path("submissions/<uuid:submission>/measure/", submissions.measure, name="measure"),
    path("submissions/<uuid:submission>/retry/", submissions.retry, name="retry"),
    path("c/<slug:challenge>/<slug:question>/jury/", jury.queue, name="jury"),
    path("c/<slug:challenge>/<slug:question>/jury/begin/", jury.begin, name="jury_begin"),
    path("c/<slug:challenge>/<slug:question>/jury/finish/", jury.finish, name="jury_finish"),
    path("jury/<uuid:case>/", jury.case, name="jury_case"),
    path("jury/<uuid:case>/volume", jury.volume, name="jury_volume"),
]
