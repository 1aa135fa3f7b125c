"""Raise, answer, close and reopen a query."""

from cohort.crf.access import may_see
from cohort.participants.models import Visit
from cohort.quality.models import Message, Query
from cohort.quality.states import TABLE
from cohort.study.dictionary import load_dictionary
from cohort.study.schedule import BY_CODE
from portal.audit.context import name_subject, service
from portal.core.errors import NotAllowed, Refused
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.workflow import move


@service("query.raise")
def raise_query(*, actor: Actor, visit: Visit, form: str, text: str, number: int = 1, variable: str = "") -> Query:
    """Ask about one answer of a form, or about the form. Raises Refused for a question that fits no such form."""
    participant = visit.participant
    require(actor, "query.raise", participant.site_id)
    _refuse_unknown(actor, visit, form, variable)
    query = Query.objects.create(
        participant=participant,
        visit=visit,
        origin=visit.origin,
        form=form,
        number=number,
        variable=variable,
        raised_by_id=actor.person_pk,
    )
    _say(actor, query, Message.Kind.ASKED, text)
    return query


@service("query.answer")
def answer_query(*, actor: Actor, query: Query, text: str) -> None:
    """Answer a query. Raises WrongState for one that waits for no answer."""
    move(query, "answer", table=TABLE, actor=actor, site_pk=query.participant.site_id)
    _say(actor, query, Message.Kind.ANSWERED, text)


@service("query.close")
def close_query(*, actor: Actor, query: Query, text: str = "") -> None:
    """Close a query: who raised it says that it is settled. Raises NotAllowed for anybody else."""
    _refuse_stranger(actor, query)
    move(query, "close", table=TABLE, actor=actor, site_pk=query.participant.site_id)
    _say(actor, query, Message.Kind.CLOSED, text)


@service("query.close")
def reopen_query(*, actor: Actor, query: Query, text: str) -> None:
    """Ask again, by who raised the query: the answer did not settle it."""
    _refuse_stranger(actor, query)
    move(query, "reopen", table=TABLE, actor=actor, site_pk=query.participant.site_id)
    _say(actor, query, Message.Kind.REOPENED, text)


def _say(actor: Actor, query: Query, kind: Message.Kind, text: str) -> None:
    words = text.strip()
    if not words and kind is not Message.Kind.CLOSED:
        raise Refused("the text is empty; say what is asked or answered")
    Message.objects.create(
        query=query, participant_id=query.participant_id, kind=kind, text=words, said_by_id=actor.person_pk
    )
    name_subject(query.participant.code, query.participant.site_id)


def _refuse_stranger(actor: Actor, query: Query) -> None:
    if query.raised_by_id != actor.user_pk:
        raise NotAllowed("a query is closed or reopened by who raised it")


def _refuse_unknown(actor: Actor, visit: Visit, form: str, variable: str) -> None:
    kind = BY_CODE[visit.code]
    if form not in (*kind.forms, *kind.when_needed) or not may_see(actor, form, visit.participant.site_id):
        raise Refused(f"the visit {visit.code} has no form '{form}' that you could ask about")
    if variable and variable not in {one.variable for one in load_dictionary().form(form).fields}:
        raise Refused(f"the form '{form}' has no question '{variable}'")
