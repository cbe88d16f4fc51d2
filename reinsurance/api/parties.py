"""Parties in the API."""

from typing import ClassVar

from reinsurance.api.base import Fields, ListDoor
from reinsurance.api.filters import ListFilters, Searched, changed_since, one_of, starts
from reinsurance.models import Party


class PartySerializer(Fields):
    """A company: cedant, broker or reinsurer by the role it plays in a treaty."""

    class Meta:
        model = Party
        fields = ("id", "code", "name", "lei", "country", "created_at", "updated_at")


class PartyFilters(ListFilters):
    """How the list of parties is narrowed."""

    code = one_of("code", "Its code.")
    lei = one_of("lei", "Its legal entity identifier.")
    country = one_of("country_id", "ISO 3166 code of its country.")
    name = starts("name", "Its name begins with.")
    search = Searched("code", "name", "lei")
    updated_since = changed_since("updated_at")


class PartyDoor(ListDoor):
    """Companies: cedants, brokers and reinsurers."""

    queryset = Party.objects.all()
    serializer_class = PartySerializer
    filterset_class = PartyFilters
    orderings: ClassVar = ("id", "code")
    called = "parties"
