"""Who acts: a person with the memberships of today, or one of the system's own few actors."""

from dataclasses import dataclass, field
from uuid import UUID

from portal.core.errors import NotAllowed


@dataclass(frozen=True)
class Held:
    """A role somebody holds today; `site_pk` None means every site."""

    role: str
    site_pk: int | None


@dataclass(frozen=True)
class Actor:
    """The one who acts. Made by the middleware or named below; never built by a view."""

    name: str
    user_pk: UUID | None = None
    held: tuple[Held, ...] = field(default=())
    is_system: bool = False

    @property
    def label(self) -> str:
        """The form written into the audit: `user:<uuid>` or `system:<name>`."""
        return f"user:{self.user_pk}" if self.user_pk else f"system:{self.name}"

    @property
    def person_pk(self) -> UUID:
        """The key of the person who acts. Raises NotAllowed for the system's own actors: this wants a signature."""
        if self.user_pk is None:
            raise NotAllowed(f"'{self.name}' is no person, and this is signed by one")
        return self.user_pk

    @property
    def is_known(self) -> bool:
        """True for a signed-in person."""
        return self.user_pk is not None

    @property
    def roles(self) -> frozenset[str]:
        """Every role held today, at whichever site."""
        return frozenset(one.role for one in self.held)

    def holds(self, roles: frozenset[str], site_pk: int | None = None) -> bool:
        """True if one of the roles is held at the site; without a site, anywhere."""
        return any(
            one.role in roles and (site_pk is None or one.site_pk is None or one.site_pk == site_pk)
            for one in self.held
        )

    def sites_as(self, roles: frozenset[str]) -> frozenset[int] | None:
        """Return the sites where one of the roles is held; None means every site."""
        found = [one.site_pk for one in self.held if one.role in roles]
        if None in found:
            return None
        return frozenset(pk for pk in found if pk is not None)


ANONYMOUS = Actor(name="anonymous")
CLOCK = Actor(name="clock", is_system=True)
WORKER = Actor(name="worker", is_system=True)
SETUP = Actor(name="setup", is_system=True)
SCORER = Actor(name="scorer", is_system=True)
SYSTEM_ACTORS = (CLOCK, WORKER, SETUP, SCORER)
