"""How many requests of the API a person, or an address without a person, may send in a minute."""

from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class PersonThrottle(UserRateThrottle):
    scope = "person"

    def get_cache_key(self, request, view):  # type: ignore[no-untyped-def]
        return super().get_cache_key(request, view) if request.user.is_authenticated else None


class AddressThrottle(AnonRateThrottle):
    scope = "address"
