"""SQL by which the database itself holds the order of the states, and opens the vault by them (pure)."""

from collections.abc import Iterable

REFUSED_MOVE = "OC002"
TWO_PERSONS = "OC003"

MOVES = {
    ("draft", "enrolling"): "open",
    ("enrolling", "sealed"): "seal",
    ("sealed", "submitted"): "submit",
    ("submitted", "locked"): "lock",
    ("locked", "revealed"): "",
    ("revealed", "reported"): "report",
    ("reported", "archived"): "archive",
    **{(state, "void"): "void" for state in ("draft", "enrolling", "sealed", "submitted", "locked")},
}
"""(from, to) → the step two people must have agreed to; empty for the reveal, which is the scorer's alone."""

_PAIRS = ", ".join(f"('{was}', '{to}', '{step}')" for (was, to), step in MOVES.items())

GUARD_STATE = f"""
CREATE FUNCTION public.blinded_guard_state() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE wanted text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an evaluation is never deleted' USING ERRCODE = '{REFUSED_MOVE}';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'an evaluation begins as a draft, not as %', NEW.state USING ERRCODE = '{REFUSED_MOVE}';
        END IF;
        RETURN NEW;
    ELSIF NEW.state = OLD.state THEN
        RETURN NEW;
    END IF;
    SELECT step INTO wanted FROM (VALUES {_PAIRS}) AS moves (was, becomes, step)
        WHERE was = OLD.state AND becomes = NEW.state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an evaluation does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = '{REFUSED_MOVE}';
    END IF;
    IF wanted = '' THEN
        IF current_user <> 'tb_scorer' THEN
            RAISE EXCEPTION 'only the scorer reveals' USING ERRCODE = '{REFUSED_MOVE}';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM public.blinded_approval a JOIN public.blinded_proposal p ON p.id = a.proposal_id
        WHERE p.evaluation_id = NEW.id AND p.step = wanted
          AND (wanted <> 'lock' OR p.digest = NEW.manifest_sha256)
    ) THEN
        RAISE EXCEPTION 'two persons must agree to % first', wanted USING ERRCODE = '{TWO_PERSONS}';
    END IF;
    RETURN NEW;
END $body$
"""

GUARD_SUBMISSION = f"""
CREATE FUNCTION public.blinded_guard_submission() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE found text;
BEGIN
    SELECT state INTO found FROM public.blinded_evaluation
        WHERE id = coalesce(NEW.evaluation_id, OLD.evaluation_id) FOR SHARE;
    IF found IS DISTINCT FROM 'sealed' THEN
        RAISE EXCEPTION 'models are entered while an evaluation is sealed, and this one is %', found
            USING ERRCODE = '{REFUSED_MOVE}';
    END IF;
    RETURN coalesce(NEW, OLD);
END $body$
"""

TRIGGERS = (
    "CREATE TRIGGER guard_state BEFORE INSERT OR UPDATE OR DELETE ON public.blinded_evaluation "
    "FOR EACH ROW EXECUTE FUNCTION public.blinded_guard_state()",
    "CREATE TRIGGER guard_submission BEFORE INSERT OR UPDATE OR DELETE ON public.blinded_submission "
    "FOR EACH ROW EXECUTE FUNCTION public.blinded_guard_submission()",
)

OPEN_TO_SCORER = ("locked", "revealed", "reported", "archived")
OPEN_TO_ALL = ("revealed", "reported", "archived")


def policy_sql(name: str, table: str, command: str, role: str, states: Iterable[str]) -> str:
    """Return the statement that lets a role read or add rows of a vault table in these states of their evaluation."""
    listed = ", ".join(f"'{state}'" for state in states)
    clause = "WITH CHECK" if command == "INSERT" else "USING"
    return (
        f"CREATE POLICY {name} ON vault.{table} FOR {command} TO {role} {clause} (EXISTS ("
        f"SELECT FROM public.blinded_evaluation e WHERE e.id = evaluation_id AND e.state IN ({listed})))"
    )


POLICIES = (
    # TRUST 1.5: sealed while enrolling; opened to the scorer by the lock; told to pages by the reveal.
    policy_sql("writer_seals", "sealed_label", "INSERT", "tb_label_writer", ("enrolling",)),
    policy_sql("scorer_opens", "sealed_label", "SELECT", "tb_scorer", OPEN_TO_SCORER),
    policy_sql("worker_hands_in", "prediction", "INSERT", "tb_worker", ("sealed",)),
    policy_sql("scorer_reads", "prediction", "SELECT", "tb_scorer", ("sealed", "submitted", *OPEN_TO_SCORER)),
    policy_sql("web_reads_revealed", "prediction", "SELECT", "tb_web", OPEN_TO_ALL),
    policy_sql("scorer_writes", "score_sheet", "INSERT", "tb_scorer", ("locked",)),
    policy_sql("scorer_reads", "score_sheet", "SELECT", "tb_scorer", OPEN_TO_SCORER),
    policy_sql("web_reads_revealed", "score_sheet", "SELECT", "tb_web", OPEN_TO_ALL),
    policy_sql("scorer_writes", "revealed_label", "INSERT", "tb_scorer", ("locked",)),
    policy_sql("scorer_reads", "revealed_label", "SELECT", "tb_scorer", OPEN_TO_SCORER),
    policy_sql("web_reads_revealed", "revealed_label", "SELECT", "tb_web", OPEN_TO_ALL),
)

GRANTS = (
    "REVOKE DELETE ON blinded_evaluation, blinded_proposal, blinded_approval FROM tb_web, tb_worker",
    "REVOKE UPDATE ON blinded_proposal, blinded_approval FROM tb_web, tb_worker",
    "REVOKE INSERT, UPDATE ON blinded_evaluation FROM tb_worker",
    "REVOKE INSERT ON blinded_proposal, blinded_approval FROM tb_worker",
    # A trigger that takes a row's share lock wants this much of whoever writes a submission.
    "GRANT UPDATE (title) ON blinded_evaluation TO tb_worker",
    "GRANT SELECT (id, state) ON blinded_evaluation TO tb_label_writer",
    "GRANT SELECT ON blinded_evaluation, blinded_submission, blinded_proposal, blinded_approval TO tb_scorer",
    "GRANT SELECT ON zoo_modelversion, datasets_snapshot, study_study TO tb_scorer",
    "GRANT UPDATE (state, revealed_at, sheet_sha256) ON blinded_evaluation TO tb_scorer",
)
