"""People over the API: read only, every field named."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from portal.accounts.access import list_people_for
from portal.accounts.models import User
from portal.accounts.parts import state_of
from portal.roles.models import Membership


class RoleSerializer(serializers.ModelSerializer[Membership]):
    """A role with its days; `site` is the site's prefix, or null for every site."""

    site = serializers.SlugRelatedField[Any](slug_field="prefix", read_only=True)

    class Meta:
        model = Membership
        fields = ("role", "site", "starts_on", "ends_on")
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer[User]):
    """A member of staff."""

    state = serializers.SerializerMethodField()
    second_factor = serializers.BooleanField(read_only=True)
    roles = RoleSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = ("id", "name", "email", "state", "second_factor", "roles")
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=["active", "invited", "closed"]))
    def get_state(self, user: User) -> str:
        """Return how the account stands."""
        return state_of(user)


class PersonViewSet(ReadOnlyModelViewSet[User]):
    """The people the one who asks may see."""

    queryset = User.objects.none()
    serializer_class = PersonSerializer

    def get_queryset(self) -> QuerySet[User]:
        """Return the people through the same door as the pages."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return list_people_for(self.request.actor)  # type: ignore[attr-defined]
