"""Predictions of rules that need an outcome field: made in the scorer's process at the first rehearsal, then kept.

They become bytes with a hash like a model's, so the lock binds them and whoever checks the bundle needs nothing new.
A rehearsal does not score them: it throws its risks too, for theirs would tell a page how DXA values lie.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from cohort.vault.book import Case, Ruled
from cohort.vault.models import Prediction
from modelling.engine.blinding.predictions import HEADER
from portal.proof import jcs

TOO_FEW: Final = "fewer than half of the test participants have its value"


def make_missing(case: Case, people: Mapping[str, UUID]) -> list[Ruled]:
    """Make what the case's rules predict, where it was not made before, inside the act that is open.

    people: token -> participant of the test inputs. Returns the rules too few people have a value for.
    """
    wanting = []
    for rule in case.rules:
        if Prediction.objects.filter(submission_id=rule.submission_pk).exists():
            continue
        places = rule.place(list(people.values()))
        if places is None:
            wanting.append(rule)
            continue
        content = write_predictions({token: places[person] for token, person in people.items()})
        Prediction.objects.create(
            evaluation_id=case.evaluation_pk,
            submission_id=rule.submission_pk,
            content=content,
            sha256=sha256(content).hexdigest(),
            made_at=timezone.now(),
        )
    return wanting


def list_made(case: Case) -> list[tuple[Ruled, str, bytes]]:
    """Return the case's rules that have predictions, each with their hash and bytes."""
    found = {
        one.submission_id: bytes(one.content)
        for one in Prediction.objects.filter(submission_id__in=[rule.submission_pk for rule in case.rules])
    }
    kept = [(rule, found[rule.submission_pk]) for rule in case.rules if rule.submission_pk in found]
    return [(rule, sha256(content).hexdigest(), content) for rule, content in kept]


def write_predictions(risks: Mapping[str, float]) -> bytes:
    """Return token -> risk as the file a model hands in, in the order of the tokens, without an interval."""
    lines = [",".join(HEADER), *(f"{token},{risks[token]!r},," for token in sorted(risks))]
    return ("\n".join(lines) + "\n").encode("ascii")


def throw_risks(seed: str, rule: Ruled, tokens: Collection[str]) -> dict[str, float]:
    """Return risks thrown by a rehearsal's seed, spread evenly from 0 to 1."""
    order = sorted(tokens)
    values = [(place + 0.5) / len(order) for place in range(len(order))]
    random.Random(f"{seed} {rule.submission_pk}").shuffle(values)
    return dict(zip(order, values, strict=True))


def tell_inputs(inputs: Mapping[str, Any], case: Case, made: Sequence[Ruled]) -> dict[str, Any]:
    """Return what the sheet says went in, a rule without enough values among those left out."""
    told: Mapping[str, Any] = inputs.get("baselines") or {}
    if not told:
        return dict(inputs)
    wanting = {one.facts["model_version"] for one in case.rules} - {one.facts["model_version"] for one in made}
    kept = [one for one in told["rules"] if one["key"] not in wanting]
    left_out = [{"name": one["name"], "why": TOO_FEW} for one in told["rules"] if one["key"] in wanting]
    return {**inputs, "baselines": {"rules": kept, "left_out": [*told["left_out"], *left_out]}}


def describe(rules: Sequence[Ruled], facts: Mapping[UUID, Mapping[str, str]]) -> list[jcs.Json]:
    """Return the rules as the lock's manifest lists them among the models.

    facts: submission -> hash and roots of its predictions.
    """
    return [{"submission": str(one.submission_pk), **one.facts, **facts[one.submission_pk]} for one in rules]
