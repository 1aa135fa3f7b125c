"""The scorer at work: it looks for requests, answers them, and holds its one-time keys in memory.

It makes an evaluation's sealing key, rehearses, and reveals. A one-time key is lost with the process: shares that were
given to it are void, and the custodians give them again. Only in a demo, whose cards lie on the machine anyway, is it
kept in a file, so that a reveal that waits still waits after a restart.
"""

import logging
import os
import threading
import time
import traceback
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from cohort.vault import shamir
from cohort.vault.baselines import describe, make_missing
from cohort.vault.book import Case, Ruled, get_book
from cohort.vault.codehash import compute_code_sha256
from cohort.vault.models import (
    OPEN_STATES,
    CustodyKey,
    GivenShare,
    Request,
    RequestKind,
    RequestState,
    SealedShare,
    SealingKey,
)
from cohort.vault.reveal import reveal
from cohort.vault.scoring import compute_scores, gather_cases, list_people, throw_labels
from cohort.vault.shares import seal_shares
from portal.audit.context import act, name_subject
from portal.audit.record import append_to_ledger
from portal.core.errors import Refused
from portal.proof import commit, jcs
from portal.roles.actors import SCORER

POLL_S = 0.5
_log = logging.getLogger(__name__)


class OneTimeKeys:
    """Request → the pair made for it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._private: dict[UUID, bytes] = {}
        self._folder = folder

    def find(self, request_pk: UUID) -> bytes | None:
        """Return the private key of a request, if this process (or, in a demo, one before it) made it."""
        if request_pk not in self._private and self._folder is not None and self._path(request_pk).exists():
            self._private[request_pk] = self._path(request_pk).read_bytes()
        return self._private.get(request_pk)

    def make(self, request_pk: UUID) -> str:
        """Make a pair for a request and return its public half as hexadecimal digits."""
        private, public = commit.make_key_pair()
        self._private[request_pk] = private
        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(self._path(request_pk), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(private)
        return public.hex()

    def forget(self, request_pk: UUID) -> None:
        """Let go of a key."""
        self._private.pop(request_pk, None)
        if self._folder is not None:
            self._path(request_pk).unlink(missing_ok=True)

    def _path(self, request_pk: UUID) -> Path:
        assert self._folder is not None
        return self._folder / f"scorer-{request_pk}.key"


def serve(stop: threading.Event, *, once: bool = False) -> None:
    """Answer requests until told to stop; with `once`, those that can be answered now."""
    keys = OneTimeKeys(settings.HOME / "demo" / "custody" if settings.DEMO else None)
    guard = OneAtATime()
    while not stop.is_set():
        try:
            n_answered = look(keys) if guard.holds() else 0
        except (OperationalError, InterfaceError) as error:
            connection.close()
            _log.warning("the database is out of reach (%s); trying again", type(error).__name__)
            n_answered = 0
        if once and not n_answered:
            return
        if not n_answered:
            stop.wait(POLL_S)


class OneAtATime:
    """One scorer at a time: two would make each other's one-time keys void. Held by the database's session."""

    def __init__(self) -> None:
        self._session = 0

    def holds(self) -> bool:
        """True if this process is the one; asked again where the session is another, after a lost connection."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            session = int(cursor.fetchone()[0])
            if session != self._session:
                cursor.execute("SELECT pg_try_advisory_lock(hashtext('trabecula.scorer'))")
                self._session = session if cursor.fetchone()[0] else 0
        return session == self._session


def look(keys: OneTimeKeys) -> int:
    """Answer every request that can be answered now; return how many moved on.

    An error that nobody foresaw ends its own request and no other; where even that cannot be written down, the
    request is looked at again in the next round.
    """
    n_moved = 0
    for request in Request.objects.filter(state__in=OPEN_STATES).order_by("asked_at"):
        try:
            n_moved += answer(request, keys)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - a runner of others' requests, as the job runner is
            n_moved += _give_up(request, error, keys)
    return n_moved


def _give_up(request: Request, error: Exception, keys: OneTimeKeys) -> bool:
    # Where it happened and not what it says: the words of an error may hold what is sealed.
    place = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s of %s: %s\n%s", request.kind, request.evaluation_id, type(error).__name__, place)
    try:
        _fail(request, f"an error of the portal ({type(error).__name__}); see the scorer's log, then begin again")
    except (OperationalError, InterfaceError):
        raise
    except Exception as second:  # noqa: BLE001 - as above
        _log.error("that could not be written down (%s); trying again", type(second).__name__)
        return False
    keys.forget(request.pk)
    return True


def answer(request: Request, keys: OneTimeKeys) -> bool:
    """Do what can be done for one request; return whether it moved on."""
    try:
        if request.kind == RequestKind.MAKE_KEY:
            make_sealing_key(request)
        elif request.kind == RequestKind.REHEARSE:
            rehearse(request)
        else:
            return go_on_with_reveal(request, keys)
    except Refused as error:
        _fail(request, str(error))
    return True


def make_sealing_key(request: Request) -> None:
    """Make the evaluation's pair, seal a share of the private half to each custodian, and forget it."""
    case = get_book().find_case(request.evaluation_id)
    chosen = CustodyKey.objects.filter(pk__in=case.custody_keys).order_by("registered_at", "pk")
    numbered = dict(enumerate(chosen, start=1))
    if len(numbered) != len(case.custody_keys) or len(numbered) <= shamir.THRESHOLD:
        raise Refused(f"the keys of three custodians are wanted; {len(numbered)} are registered")
    private, public = commit.make_key_pair()
    sealed = seal_shares(
        case.evaluation_pk, private, {number: bytes.fromhex(key.public_key) for number, key in numbered.items()}
    )
    with act(SCORER, "evaluation.make_key"):
        name_subject(case.evaluation_pk)
        SealingKey.objects.create(evaluation_id=case.evaluation_pk, public_key=public.hex(), made_at=timezone.now())
        for one in sealed:
            holder = numbered[one.number]
            SealedShare.objects.create(
                evaluation_id=case.evaluation_pk,
                custodian_id=holder.custodian_id,
                custody_key_id=holder.pk,
                number=one.number,
                ciphertext=one.ciphertext,
                commitment=one.commitment,
            )
        append_to_ledger(
            "evaluation.key_made",
            {
                "evaluation": str(case.evaluation_pk),
                "public_key": public.hex(),
                "custodians": [str(numbered[one.number].custodian_id) for one in sealed],
                "share_commitments": [one.commitment.hex() for one in sealed],
            },
        )
        _end(request, {"public_key": public.hex()})


def rehearse(request: Request) -> None:
    """Check everything that will be scored, and score it with labels thrown by a die."""
    case = get_book().find_case(request.evaluation_id)
    wanting = predict_by_rules(case)
    cases = gather_cases(case)
    seed, labels = throw_labels(case, cases)
    more = {"is_rehearsal": True, "hashes": {"rehearsal_seed": seed}}
    scored = compute_scores(case, cases, labels, more, without={}, thrown=seed)
    models: list[jcs.Json] = [
        {
            "submission": str(one.submission_pk),
            "predictions_sha256": one.predictions_sha256,
            **cases.facts[one.submission_pk],
        }
        for one in case.entered
    ]
    with act(SCORER, "evaluation.rehearse"):
        name_subject(case.evaluation_pk)
        found: dict[str, jcs.Json] = {
            "n_cases": len(cases.people),
            "test_root": cases.test_root,
            "cases_root": cases.cases_root,
            "models": models,
            "rules": describe(cases.rules, cases.facts),
            "rules_wanting": [str(one.facts["name"]) for one in wanting],
            "seed": seed,
            "sheet_sha256": scored.sha256,
            "code_sha256": compute_code_sha256(),
        }
        append_to_ledger("evaluation.rehearsed", {"evaluation": str(case.evaluation_pk), **found})
        _end(request, {**found, "sheet": scored.body})


def predict_by_rules(case: Case) -> list[Ruled]:
    """Make what rules predict, once; return those that too few test participants have a value for."""
    if case.test_rows is None or not case.rules:
        return []
    with act(SCORER, "evaluation.rehearse"):
        name_subject(case.evaluation_pk)
        return make_missing(case, list_people(case.test_rows))


def go_on_with_reveal(request: Request, keys: OneTimeKeys) -> bool:
    """Offer a one-time key, or, once two shares were given to it, reveal."""
    private = keys.find(request.pk)
    if private is None or not request.one_time_key:
        public = keys.make(request.pk)
        with act(SCORER, "evaluation.reveal"):
            name_subject(request.evaluation_id)
            told = "the scorer was started anew: shares given before are void" if request.one_time_key else ""
            Request.objects.filter(pk=request.pk).update(
                state=RequestState.READY, one_time_key=public, told=told or request.told
            )
        return True
    rows = GivenShare.objects.filter(request_id=request.pk, one_time_key=request.one_time_key)
    given = list({one.custodian_id: one for one in rows}.values())
    if len(given) < shamir.THRESHOLD:
        return False
    began = time.monotonic()
    try:
        reveal(request.pk, private, given[: shamir.THRESHOLD])
        _log.info("evaluation %s: revealed in %.1f s", request.evaluation_id, time.monotonic() - began)
    except Refused as error:
        # The attempt itself is on record, and with it the shares are spent.
        _fail(request, str(error))
    keys.forget(request.pk)
    return True


def _end(request: Request, result: dict[str, jcs.Json]) -> None:
    Request.objects.filter(pk=request.pk).update(
        state=RequestState.DONE, result=result, told="", ended_at=timezone.now()
    )


def _fail(request: Request, why: str) -> None:
    action = {
        RequestKind.MAKE_KEY: "evaluation.make_key",
        RequestKind.REHEARSE: "evaluation.rehearse",
        RequestKind.REVEAL: "evaluation.reveal",
    }[RequestKind(request.kind)]
    with act(SCORER, action, why=why):
        name_subject(request.evaluation_id)
        Request.objects.filter(pk=request.pk).update(state=RequestState.FAILED, told=why, ended_at=timezone.now())
        append_to_ledger(
            "evaluation.refused", {"evaluation": str(request.evaluation_id), "request": request.kind, "why": why}
        )
