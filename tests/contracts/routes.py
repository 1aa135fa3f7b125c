"""Every address of the portal, and how a sweep visits it: by whom, and with what of a side's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from cohort.participants.models import Visit
from portal.audit.models import Act
from portal.roles.actors import Actor
from tests.contracts.world import Side

Args = Callable[[Side], list[Any]]


@dataclass(frozen=True)
class Route:
    """How one address is visited on a side. `who`: a first name of the cast."""

    who: str
    args: Args
    sides: tuple[str, ...] = ("simulated", "human")
    query: str = ""
    method: str = "get"

    def actor(self, side: Side) -> Actor:
        """Return who looks."""
        return side.stage.auditor if self.who == "otto" else getattr(side.stage.cast, self.who)

    def address(self, name: str, side: Side) -> str:
        """Return the address for a side."""
        return reverse(name, args=self.args(side)) + self.query


def code(side: Side) -> list[Any]:
    return [side.study.code]


def person(side: Side) -> list[Any]:
    return [side.participant.code]


def at_baseline(*more: str) -> Args:
    return lambda side: [side.participant.code, Visit.objects.get(participant=side.participant, code="BL").code, *more]


def evaluation(side: Side) -> list[Any]:
    return [side.stage.evaluation_pk]


def pk_of(name: str) -> Args:
    return lambda side: [getattr(side, name).pk]


def act_of(side: Side) -> list[Any]:
    return [Act.objects.filter(subject__in=[str(side.run.pk), str(side.job.pk)]).latest("at").pk]  # type: ignore[union-attr]


SIMULATED = ("simulated",)
"""The public table has no visits, images, screenings or consents."""

ROUTES: dict[str, Route] = {
    "study": Route("paula", code),
    "site-join": Route("paula", code),
    "approval-add": Route("paula", code, SIMULATED),
    "consent-form-add": Route("paula", code, SIMULATED),
    "device-add": Route("paula", code),
    "wedge-name": Route("paula", code),
    "study-close": Route("paula", code),
    "study-draw": Route("carl", code),
    "screenings": Route("nora", code, SIMULATED),
    "screening-new": Route("nora", code, SIMULATED),
    "screening": Route("nora", pk_of("screening"), SIMULATED),
    "participant": Route("dan", person),
    "consent-new": Route("nora", person, SIMULATED),
    "withdraw": Route("nora", person, SIMULATED),
    "visits": Route("dan", person),
    "visit": Route("nora", at_baseline(), SIMULATED),
    "record": Route("nora", at_baseline("ant"), SIMULATED),
    "query-new": Route("dan", at_baseline(), SIMULATED, query="?form=ant"),
    "query": Route("dan", pk_of("query"), SIMULATED),
    "imaging": Route("nora", person, SIMULATED),
    "upload": Route("nora", pk_of("upload"), SIMULATED),
    "series": Route("nora", pk_of("series"), SIMULATED),
    "series-files": Route("nora", pk_of("series"), SIMULATED),
    "series-file": Route("nora", lambda side: [side.series.pk, 1], SIMULATED),  # type: ignore[union-attr]
    "measurements-for": Route("dan", person),
    "measurements-file": Route("dan", person),
    "snapshot": Route("ana", pk_of("snapshot")),
    "snapshot-manifest": Route("ana", pk_of("snapshot")),
    "snapshot-new": Route("ana", code),
    "model": Route("ana", pk_of("model")),
    "model-file": Route("ana", lambda side: [side.model.pk, "model.json"]),  # type: ignore[union-attr]
    "run": Route("ana", pk_of("run")),
    "run-curves": Route("ana", pk_of("run")),
    "evaluation": Route("ana", evaluation),
    "evaluation-public": Route("ana", evaluation),
    "evaluation-restricted": Route("carl", evaluation, method="post"),
    "report": Route("ana", evaluation),
    "report-pdf": Route("ana", evaluation),
    "report-json": Route("ana", evaluation),
    "report-figure": Route("ana", lambda side: [side.stage.evaluation_pk, "confusion", "csv"]),
    "rehearsal": Route("ana", evaluation),
    "rehearsal-pdf": Route("ana", evaluation),
    "job": Route("ana", pk_of("job")),
    "act": Route("mona", act_of),
    "api-study-detail": Route("ana", code),
    "api-participant-detail": Route("dan", person),
    "api-upload-detail": Route("nora", pk_of("upload"), SIMULATED),
    "api-run-detail": Route("ana", pk_of("run")),
    "api-model-detail": Route("ana", pk_of("model")),
    "job-detail": Route("ana", pk_of("job")),
}
"""Routes that show one thing of one origin."""

LISTS: dict[str, str] = {
    "participants": "dan",
    "studies": "ana",
    "queries": "dan",
    "snapshots": "ana",
    "models": "ana",
    "runs": "ana",
    "evaluations": "ana",
    "jobs": "ana",
    "api-study-list": "ana",
    "api-participant-list": "dan",
    "api-run-list": "ana",
    "api-model-list": "ana",
    "job-list": "ana",
}
"""Routes that show rows of both origins, and who looks."""

HOUSE: dict[str, str] = {
    "measurement-picture": "a picture whose mark is pixels (tests/modelling/engine/features/test_on_phantoms.py)",
    "strength": "tests of one volume of bone (tests/modelling/measuring/test_strength_pages.py)",
    "strength-picture": "a picture whose mark is pixels (tests/modelling/engine/fe/test_job.py)",
    "strength-field": "a NIfTI whose mark is in its header and its name (tests/modelling/measuring)",
    "measurement-catalogue": "what is measured: no row of any study",
    "home": "what waits, in sentences; it leads to marked pages",
    "visits-due": "what is due, by code; it leads to marked pages",
    "reference-images": "real images with their licences, of nobody of a study",
    "reference-file": "as above; it carries its licence",
    "reference-image": "one of them, in the viewer",
    "reference-files": "where the viewer finds one of them",
    "model-try": "a public reference image, which a simulated model refuses",
    "who-can-know": "who can know what: no row of any study",
    "admissible": "which variables a task admits",
    "custody": "the custodian's own card",
    "audit": "acts of all studies; each opens on a page that is marked",
    "audit-reads": "who looked at what",
    "audit-proof": "the ledger of the whole house",
    "audit-bundle": "the ledger of the whole house",
    "study-new": "a study that does not exist yet",
    "study-change": "a study that has nobody yet",
    "study-open": "a study that has nobody yet",
    "study-import": "a study that has nobody yet",
    "sites": "sites, of no study",
    "site-add": "sites, of no study",
    "run-new": "what could be trained, before anything is",
    "runs-compare": "refuses to set two origins side by side (tests/modelling/runs)",
    "evaluation-new": "an evaluation that does not exist yet",
    "evaluation-custodians": "only while a draft; then refused",
    "evaluation-step": "only while its step is open; then refused",
    "evaluation-enter": "only while sealed; then refused",
    "evaluation-reveal": "only while locked; then refused",
    "api-screening-list": "counts, which carry the origin of their study",
    "api-upload-list": "takes uploads; what it answers is swept by its detail",
    "api-visits": "takes and gives visits of one participant (tests/cohort/crf)",
    "api-records": "takes and gives forms of one participant (tests/cohort/crf)",
    "api-schema": "describes the API",
    "series-thumbnail": "a picture whose mark is pixels (tests/cohort/deid/test_thumbnail.py)",
    **dict.fromkeys(("people", "person", "person-invite", "delegation-log", "role-grant"), "staff, of no study"),
    **dict.fromkeys(("person-reset", "person-close", "person-reopen", "role-end"), "staff, of no study"),
    **dict.fromkeys(("api-person-list", "api-person-detail"), "staff, of no study"),
    **dict.fromkeys(("health-live", "health-ready", "theme", "choose-study", "still-here"), "the house itself"),
    **dict.fromkeys(("patterns", "patterns-progress", "demo-sign-in", "own-account"), "the house itself"),
    **dict.fromkeys(("join", "first-run"), "doors for new people"),
}
"""Routes that show nothing of a study's people, and why."""

PIECES = ("run-progress", "job-progress", "upload-state")
"""Pieces that htmx puts into a page that carries the mark."""

# fmt: off
WRITES = (
    "study-import-look", "study-import-take", "screening-decline", "screening-clear", "enrol", "identity-show",
    "custody-demo", "visit-begin", "visit-miss", "record-add", "record-none", "record-save", "record-complete",
    "record-reopen", "record-sign", "upload-side", "upload-again", "upload-cancel", "series-quality",
    "series-judge", "query-act", "run-cancel", "run-again", "evaluation-again", "evaluation-rehearse",
    "evaluation-reveal-begin", "report-keep", "start-demonstration", "cancel-job", "try-job-again",
    "api-upload-close", "api-upload-files", "job-start-demonstration", "job-cancel", "job-try-again",
    "api-run-start", "api-run-cancel",
)
# fmt: on
"""Routes that take something and send on to a page above, or answer with the row swept there."""

OTHERS_OWN = ("account_", "mfa_", "openid_", "socialaccount_")
"""Sign-in: django-allauth's own names; nobody of a study is on them."""


def list_names(resolver: URLResolver | None = None) -> Iterator[str]:
    """Yield the name of every address, by a walk of the resolver."""
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from list_names(one)
        elif isinstance(one, URLPattern):
            yield str(one.name)
