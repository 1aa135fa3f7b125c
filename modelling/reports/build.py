"""From a score sheet to a report. Pure: it arranges and words what the sheet holds, and computes nothing."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from modelling.engine.metrics.tasks import RESEARCH_USE, TASKS
from modelling.reports.document import Block, Bullets, Code, FigureOf, Grid, Paragraph, Report, Section
from modelling.reports.sentences import (
    list_limits,
    output_of,
    say_calibration,
    say_comparison,
    separates_what,
    write_first_sentence,
)
from modelling.reports.tripod import ITEMS
from modelling.reports.words import Sheet, count, estimate, number, p_value, percent_of, primary_of, share

SHARES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
}
READS_AS = {
    "sensitivity": "of those with it, called positive",
    "specificity": "of those without it, called negative",
    "ppv": "of those called positive, with it",
    "npv": "of those called negative, without it",
}


def build_report(text: str) -> Report:
    """Return the report of a score sheet, given as its frozen text.

    Raises ValueError if the text is no score sheet of the known form.
    """
    sheet: Sheet = json.loads(text)
    if not isinstance(sheet, dict) or sheet.get("format") != "trabecula.score_sheet/1":
        raise ValueError("this is no score sheet of the form trabecula.score_sheet/1")
    digest = sha256(text.encode()).hexdigest()
    sections = [
        _separation(sheet),
        _threshold(sheet),
        _comparison(sheet),
        _risks(sheet),
        _calibration(sheet),
        _net_benefit(sheet),
        _subgroups(sheet),
        _flow(sheet),
        _inputs(sheet),
        _blinding(sheet),
        _methods(sheet),
        _hashes(sheet, digest),
        _limits(sheet),
        _tripod(),
    ]
    return Report(
        title=sheet["title"] or (TASKS[sheet["task"]].title if sheet["task"] in TASKS else sheet["task"]),
        first_sentence=write_first_sentence(sheet),
        facts=_facts(sheet),
        sections=[section for section in sections if section is not None],
        sheet_sha256=digest,
        marks=tuple(sheet["marks"]),
    )


def _facts(sheet: Sheet) -> list[tuple[str, str]]:
    model = primary_of(sheet)
    facts = [
        ("What the number is", output_of(sheet)),
        ("Model", f"{model['name']}, from {model['inputs']}"),
        ("Scored", f"{count(sheet['n'])} participants, {count(sheet['n_events'])} with the outcome"),
    ]
    if trained := sheet["training"]:
        facts.append(("Learned from", _say_training(trained)))
    return [*facts, ("Study", f"{sheet['study']} ({sheet['origin']})"), ("Evaluation", sheet["evaluation"])]


def _say_training(trained: Sheet) -> str:
    said = f"{count(trained['n'])} other participants" if "n" in trained else "other participants"
    return f"{said}, {count(trained['n_events'])} with the outcome" if "n_events" in trained else said


def _separation(sheet: Sheet) -> Section:
    model = primary_of(sheet)
    rows = [
        ["AUC, DeLong on the logit scale", estimate(model["auc"])],
        ["AUC, plain DeLong", estimate(model["auc_plain"])],
        ["AUC, bootstrap by person", estimate(model["auc_bootstrap"])],
        ["Brier score, lower is better", estimate(model["brier"], 3)],
    ]
    if "auc_weighted" in model:
        weighted = model["auc_weighted"]
        value = "" if weighted["value"] is None else f"{number(weighted['value'])}; "
        rows.append(["AUC with survey weights", f"{value}{weighted['why']}"])
    blocks: list[Block] = [
        Grid("How well it separates", ["Measure", f"{percent_of(sheet)} interval"], rows, frozenset({1}))
    ]
    if model["roc"]:
        says = f"Each step is one person or more; it tells {separates_what(sheet)}: AUC {estimate(model['auc'])}."
        blocks.insert(0, FigureOf("roc", says))
    if foreseen := sheet["precision"]["half_width"]:
        say = f"with so many people an AUC of 0.80 was bound to come with about ±{number(foreseen)}"
        blocks.append(Paragraph(f"How sharp an answer could be: {say} ({sheet['precision']['method']})."))
    return Section("Separation", blocks)


def _threshold(sheet: Sheet) -> Section:
    model = primary_of(sheet)
    if model["confusion"] is None:
        return Section("At the locked threshold", [Paragraph(f"Not shown: {model['sensitivity']['why']}.")])
    counts = model["confusion"]
    says = (
        f"At a likelihood of {number(model['threshold'], 3)} or more: {count(counts['tp'] + counts['fp'])} called "
        f"positive, {count(counts['tp'])} of them rightly."
    )
    rows = [[SHARES[key], READS_AS[key], share(model[key])] for key in SHARES]
    grid = Grid("At the locked threshold", ["Share", "Reads as", f"{percent_of(sheet)} interval"], rows, frozenset({2}))
    return Section("At the locked threshold", [FigureOf("confusion", says), grid])


def _comparison(sheet: Sheet) -> Section:
    rows = [[model["name"], model["role"], model["inputs"], estimate(model["auc"])] for model in sheet["models"]]
    blocks: list[Block] = [Paragraph(say_comparison(sheet, row), is_strong=True) for row in sheet["comparisons"]]
    if not blocks:
        blocks = [Paragraph("No baseline was declared, so nothing is compared.")]
    if len(rows) > 1 and not sheet["not_estimable"]:
        blocks.append(FigureOf("comparison", "AUC of every declared model with its interval, on the same people."))
    blocks.append(Grid("Every declared model", ["Model", "Role", "Looks at", "AUC"], rows, frozenset({3})))
    tests = [[row["b"], p_value(row["p"]), p_value(row["p_holm"])] for row in sheet["comparisons"] if row["p"]]
    if len(tests) > 1:
        names = {model["model_version"]: model["name"] for model in sheet["models"]}
        told = [[f"against {names[b]}", p, adjusted] for b, p, adjusted in tests]
        blocks.append(Grid("Tests", ["Comparison", "p", "p by Holm"], told, frozenset({1, 2})))
    return Section("Beside the baselines", [*blocks, *_rules(sheet)])


def _rules(sheet: Sheet) -> list[Block]:
    """Return what is to be known of rules that want an outcome field, and which were not scored."""
    told = sheet["inputs"].get("baselines") or {"rules": [], "left_out": []}
    blocks: list[Block] = []
    if told["rules"]:
        blocks.append(
            Paragraph(
                "Rules read fields that no model may see. The scorer alone read them, of test participants, before the "
                "lock; the lock bound what they say. Who has no value stands at the median of those who have one."
            )
        )
        rows = [[one["name"], one["says"]] for one in told["rules"]]
        blocks.append(Grid("Rules that were scored", ["Rule", "What its number is"], rows, widths=(1, 3)))
    if told["left_out"]:
        rows = [[one["name"], one["why"]] for one in told["left_out"]]
        blocks.append(Grid("Rules that were not scored", ["Rule", "Why"], rows, widths=(1, 3)))
    return blocks


def _risks(sheet: Sheet) -> Section | None:
    model = primary_of(sheet)
    if not model["risks"]["with"] and not model["risks"]["without"]:
        return None
    says = "Each mark is one person, by outcome; the line is the locked threshold. What overlaps cannot be told apart."
    return Section("What was predicted for whom", [FigureOf("risks", says)])


def _calibration(sheet: Sheet) -> Section:
    found = primary_of(sheet)["calibration"]
    if not found["estimable"]:
        return Section("Do the likelihoods mean what they say?", [Paragraph(f"Not settled: {found['why']}.")])
    rows = [
        ["Slope, 1 is best", estimate(found["slope"])],
        ["Intercept, 0 is best", estimate(found["intercept"])],
        ["Intercept at slope 1, 0 is best", estimate(found["in_the_large"])],
        ["Observed over expected, 1 is best", estimate(found["o_e"])],
    ]
    grid = Grid("Calibration", ["Measure", f"{percent_of(sheet)} interval"], rows, frozenset({1}))
    says = f"Smoothed share with the outcome at each likelihood. {say_calibration(sheet)}"
    return Section("Do the likelihoods mean what they say?", [FigureOf("calibration", says), grid])


def _net_benefit(sheet: Sheet) -> Section | None:
    if not primary_of(sheet)["net_benefit"]:
        return None
    says = (
        "What acting on the model is worth at each threshold, beside acting on everybody and on nobody. "
        f"A shape, not a proof: with {count(sheet['n'])} people the lines carry no interval here."
    )
    return Section("Net benefit", [FigureOf("net_benefit", says)])


def _subgroups(sheet: Sheet) -> Section | None:
    if not sheet["subgroups"]:
        return None
    rows = [
        [
            f"{row['name']}: {row['group']}",
            "" if row["n"] is None else f"{count(row['n_events'])} of {count(row['n'])}",
            estimate(row["auc"]),
        ]
        for row in sheet["subgroups"]
    ]
    grid = Grid("By group", ["Group", "With the outcome", "AUC"], rows, frozenset({1, 2}))
    return Section("In groups", [grid, Paragraph("Groups of under 10 people or 5 events are not shown.")])


def _flow(sheet: Sheet) -> Section:
    blocks: list[Block] = []
    if sheet["flow"]:
        blocks.append(FigureOf("flow", "From the study to the score, counted in people."))
    rows = [[str(one["reason"]), count(one["n"])] for one in sheet["excluded"]]
    if rows:
        blocks.append(Grid("Left out before the lock", ["Reason", "People"], rows, frozenset({1})))
    else:
        blocks.append(Paragraph("Nobody was left out."))
    return Section("Flow", blocks)


def _gather(variables: Sequence[Mapping[str, Any]], key: str) -> list[list[str]]:
    """Return a row for each group or reason: its words, every variable by name, how many."""
    found: dict[str, list[str]] = {}
    for one in variables:
        found.setdefault(str(one.get(key) or ""), []).append(str(one.get("name", "")))
    return [[words, ", ".join(names), count(len(names))] for words, names in found.items()]


def _inputs(sheet: Sheet) -> Section:
    went_in, left_out = (sheet["inputs"].get(key, []) for key in ("went_in", "left_out"))
    if not went_in and not left_out:
        return Section("What went in", [Paragraph("The sheet names no columns.")])
    blocks: list[Block] = [
        Paragraph("Inputs and labels are never the same data: a variable that tells of the label is forbidden by name.")
    ]
    if went_in:
        rows = _gather(went_in, "group")
        blocks.append(Grid("Admitted", ["Group", "Variables", "Many"], rows, frozenset({2}), widths=(2, 8, 1)))
    if left_out:
        rows = _gather(left_out, "reason")
        blocks.append(Grid("Left out", ["Why", "Variables", "Many"], rows, frozenset({2}), widths=(4, 6, 1)))
    return Section("What went in", blocks)


def _blinding(sheet: Sheet) -> Section:
    said = _as_sentence(sheet["custody"] or "the sheet does not say who held the key")
    told: list[Block] = [
        Paragraph("Labels of test participants were sealed before any prediction and opened once, after the lock."),
        Paragraph(said),
    ]
    if sheet["deviations"]:
        told += [Paragraph("Deviations from the protocol:"), Bullets(sheet["deviations"])]
    else:
        told.append(Paragraph("Deviations from the protocol: none recorded."))
    return Section("How it was kept blind", told)


def _as_sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _methods(sheet: Sheet) -> Section:
    percent = percent_of(sheet)
    items = [
        f"Intervals hold {percent}. AUC: DeLong on the logit scale; where separation is perfect an exact lower bound.",
        f"Bootstrap: {count(sheet['resamples'])} resamples of people within outcome, BCa, seed {sheet['seed']}.",
        "Shares: Wilson. Models compared by DeLong's paired test on the same people, p adjusted by Holm.",
        "Calibration is shown from 100 people with and 100 without the outcome (Collins 2016).",
    ]
    return Section("Methods", [Bullets(items)])


def _hashes(sheet: Sheet, digest: str) -> Section:
    rows = [["this score sheet", digest]]
    rows += [[name, str(value)] for name, value in sheet["hashes"].items()]
    for model in sheet["models"]:
        if model["weights_sha256"]:
            rows.append([f"weights of {model['name']}", model["weights_sha256"]])
        rows.append([f"predictions of {model['name']}", model["predictions_sha256"]])
    return Section(
        "How to check it",
        [
            Paragraph("With the evaluation's bundle, on any computer, without the portal and without trusting us:"),
            Code("python -m modelling.engine verify public.zip --restricted restricted.zip --anchor anchor.json"),
            Grid("SHA-256", ["What", "Hash"], rows, codes=frozenset({1}), widths=(2, 5)),
        ],
    )


def _limits(sheet: Sheet) -> Section:
    return Section("Limits", [Bullets([f"{RESEARCH_USE}.", *list_limits(sheet)])])


def _tripod() -> Section:
    grid = Grid("TRIPOD+AI (BMJ 2024)", ["Item", "What", "Where"], [list(item) for item in ITEMS], widths=(1, 9, 6))
    return Section("Reporting list", [grid], starts_page=True)
