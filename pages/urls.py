"""Pages of this app. The home page has no namespace: its name is `home`."""

from django.urls import include, path

from pages.views import console, home, invitations, people, queue, results, sets, setup, timeline

app_pages = [
    path("challenges/new/", setup.found, name="found"),
    path("c/<slug:challenge>/console/", console.console, name="console"),
    path("c/<slug:challenge>/console/counts/", console.counts, name="counts"),
    path("c/<slug:challenge>/console/open/", console.open_, name="open"),
    path("c/<slug:challenge>/console/close/", console.close, name="close"),
    path("c/<slug:challenge>/people/", people.people, name="people"),
    path("c/<slug:challenge>/people/centre/", people.centre, name="add_centre"),
    path("c/<slug:challenge>/people/invite/", people.invite, name="invite"),
    path("c/<slug:challenge>/people/invitations/<int:pk>/cancel/", invitations.cancel, name="cancel_invitation"),
    path("c/<slug:challenge>/people/invitations/<int:pk>/resend/", invitations.resend, name="resend_invitation"),
    path("c/<slug:challenge>/people/roles/<int:pk>/revoke/", people.revoke, name="revoke_role"),
    path("c/<slug:challenge>/people/centres/<int:pk>/revoke/", people.revoke_place, name="revoke_membership"),
    path("c/<slug:challenge>/people/teams/<slug:team>/approve/", people.approve, name="approve_team"),
    path("c/<slug:challenge>/people/teams/<slug:team>/waive/", people.waive, name="waive_team"),
    path("c/<slug:challenge>/people/teams/<slug:team>/reject/", people.reject, name="reject_team"),
    path("c/<slug:challenge>/people/entries/<int:pk>/exclude/", people.exclude, name="exclude_entry"),
    path("c/<slug:challenge>/timeline/", timeline.timeline, name="timeline"),
    path("c/<slug:challenge>/timeline/moments/", timeline.plan, name="plan_moment"),
    path("c/<slug:challenge>/timeline/phases/<int:pk>/", timeline.reschedule, name="reschedule_phase"),
    path("c/<slug:challenge>/setup/", setup.setup, name="setup"),
    path("c/<slug:challenge>/setup/challenge/", setup.edit, name="edit_challenge"),
    path("c/<slug:challenge>/setup/question/", setup.question, name="load_question"),
    path("c/<slug:challenge>/setup/charter/", setup.charter, name="publish_charter"),
    path("c/<slug:challenge>/work/", queue.work, name="work"),
    path("c/<slug:challenge>/work/retry/", queue.retry_all, name="retry_all"),
    path("c/<slug:challenge>/work/<int:pk>/retry/", queue.retry, name="retry"),
    path("c/<slug:challenge>/audit/", queue.audit, name="audit"),
    path("c/<slug:challenge>/audit/verify/", queue.verify, name="verify_audit"),
    path("c/<slug:challenge>/batches/<uuid:pk>/reschedule/", sets.reschedule, name="reschedule_batch"),
    path("c/<slug:challenge>/batches/<uuid:pk>/release/", sets.release, name="release_batch"),
    path("c/<slug:challenge>/batches/<uuid:pk>/revoke/", sets.revoke, name="revoke_batch"),
    path("c/<slug:challenge>/<slug:question>/sets/", sets.sets, name="sets"),
    path("c/<slug:challenge>/batches/<uuid:pk>/face/", sets.face, name="choose_face"),
    path("c/<slug:challenge>/<slug:question>/sets/draft/", sets.draft, name="draft_split"),
    path("c/<slug:challenge>/<slug:question>/sets/freeze/", sets.freeze, name="freeze_split"),
    path("c/<slug:challenge>/<slug:question>/ending/", results.results, name="results"),
    path("c/<slug:challenge>/<slug:question>/ending/rank/", results.rank, name="rank"),
    path("c/<slug:challenge>/<slug:question>/ending/rescore/", results.rescore, name="rescore"),
    path("c/<slug:challenge>/<slug:question>/ending/jury/", results.jury, name="open_jury"),
    path("c/<slug:challenge>/<slug:question>/ending/publish/<int:pk>/", results.publish, name="publish"),
    path("c/<slug:challenge>/<slug:question>/ending/announce/<int:pk>/", results.announcement, name="announce"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("", include((app_pages, "pages"))),
]
