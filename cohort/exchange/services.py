"""Take in a public-use table as a study's participants: all of it, or nothing that anybody can see."""

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from cohort.crf.models import OutcomeRecord, Record
from cohort.datasets.sources import NHANES, load_public_table
from cohort.enrolment import allocate
from cohort.exchange.building import Built, build_rows
from cohort.exchange.models import TableImport
from cohort.exchange.reading import Read, read_table
from cohort.participants.models import Participant, Visit
from cohort.study.models import Basis, Origin, Study, StudyState
from portal.audit.context import joined, name_subject, service
from portal.core.errors import Refused
from portal.core.storage import put_bytes
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.sites.models import Site

BATCH = 1000


@service("study.import")
def import_table(*, actor: Actor, study: Study, site: Site, content: bytes) -> TableImport:
    """Take in a table: participants of human origin, their answers, and the draw. No identity, no consent.

    Outcome columns go to the closed schema. Raises Refused where the study cannot take it, or the file has a problem.
    """
    require(actor, "study.import")
    refuse_unfit_study(study, site)
    read = read_table(content, load_public_table(NHANES), min_age_years=study.min_age_years)
    refuse_problems(read)
    built = build_rows(
        study,
        site,
        load_public_table(NHANES),
        read.people,
        first_number=_first_number(site),
        now=timezone.now(),
    )
    _write(study, site, built)
    done = TableImport.objects.create(
        study=study,
        table=NHANES,
        file_sha256=put_bytes(content),
        n_rows=len(built.participants),
        imported_by_id=actor.person_pk,
    )
    name_subject(study.code, site.pk)
    return done


def refuse_unfit_study(study: Study, site: Site | None) -> None:
    """Raise Refused unless a study can take a public table in now."""
    if study.basis != Basis.PUBLIC_USE or study.origin != Origin.HUMAN:
        raise Refused(f"'{study.code}' is no study of a public-use data set of human origin")
    if study.state != StudyState.ENROLLING:
        raise Refused(f"'{study.code}' is not open for enrolment, so nobody can be drawn")
    if site is None or not study.study_sites.filter(site=site).exists():
        raise Refused(f"{site or 'the site'} does not take part in '{study.code}'")
    if Participant.objects.filter(study=study).exists():
        raise Refused(f"'{study.code}' has its table already; another one is another study")


def refuse_problems(read: Read) -> None:
    """Raise Refused, naming the first problem, where a file has any."""
    if read.problems:
        first = read.problems[0]
        where = f"line {first.row}, column '{first.column}'" if first.column else f"line {first.row}"
        raise Refused(
            f"the file was not taken in: {read.n_problems} problem(s); the first, {where}: "
            f"found {first.found}, wanted {first.wanted}"
        )


def _write(study: Study, site: Site, built: Built) -> None:
    Participant.objects.bulk_create(built.participants, batch_size=BATCH)
    Visit.objects.bulk_create(built.visits, batch_size=BATCH)
    Record.objects.bulk_create(built.records, batch_size=BATCH)
    # The closed roles commit first: what they keep, nobody points to before the rest is committed too. What an import
    # that broke off left there, perhaps of a file that was corrected since, makes way for what this file says.
    with joined("clinical"):
        OutcomeRecord.objects.filter(participant_id__in=[one.pk for one in built.participants]).delete()
        OutcomeRecord.objects.bulk_create(built.outcomes, batch_size=BATCH)
    allocate.assign_many(study, site.prefix, built.to_draw)


def _first_number(site: Site) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('participants.' || %s::text))", [site.prefix])
    return (Participant.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0) + 1
