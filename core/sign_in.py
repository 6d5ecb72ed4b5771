"""Who signs in, with what every page shows of the person: the number of unseen notices comes with the same query."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from core.models import Notice, User


class SignIn(AuthenticationBackend):
    """allauth's, which reads the person of a session with `unseen_notices`."""

    def get_user(self, user_id: Any) -> User | None:
        unseen = Notice.objects.filter(user=OuterRef("pk"), seen_at=None).order_by().values("user")
        people = User.objects.annotate(
            unseen_notices=Coalesce(Subquery(unseen.annotate(count=Count("pk")).values("count")), 0)
        )
        user = people.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
