"""Pages of this app."""

from django.urls import path

from challenges.views import charters, frame, people, sessions, tokens

app_name = "challenges"
urlpatterns = [
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:token>/revoke/", tokens.revoke, name="revoke_token"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/others/end/", sessions.end_others, name="end_other_sessions"),
    path("account/sessions/<int:signed>/end/", sessions.end, name="end_session"),
    path("account/name/", people.own_name, name="own_name"),
    path("invitations/<int:pk>/accept/", people.accept_invited, name="accept_invited"),
    path("invitations/<str:secret>/", people.invitation, name="invitation"),
    path("c/<slug:challenge>/", frame.challenge, name="challenge"),
    path("c/<slug:challenge>/charter/<slug:audience>/", charters.charter, name="charter"),
    path("c/<slug:challenge>/team/", people.team, name="team"),
    path("c/<slug:challenge>/team/invite/", people.invite_member, name="invite_member"),
    path("c/<slug:challenge>/team/invitations/<int:pk>/cancel/", people.cancel_member, name="cancel_member"),
    path("c/<slug:challenge>/team/invitations/<int:pk>/resend/", people.resend_member, name="resend_member"),
    path("c/<slug:challenge>/team/conflict/", people.conflict, name="conflict"),
    path("c/<slug:challenge>/team/leave/", people.leave, name="leave"),
    path("c/<slug:challenge>/team/enter/<slug:question>/", people.enter, name="enter"),
    path("c/<slug:challenge>/<slug:question>/", frame.question, name="question"),
]
