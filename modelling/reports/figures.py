"""The figures of a report, drawn by matplotlib for print and download. Pure: a sheet goes in, bytes come out.

The font is the one matplotlib brings along, dates and random ids are left out: the same sheet gives the same bytes.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

import matplotlib as mpl
import matplotlib.patches
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from modelling.reports.document import FigureName
from modelling.reports.sentences import groups_of
from modelling.reports.words import Sheet, count, estimate, number, percent_of, primary_of

Kind = Literal["png", "svg"]

INK, QUIET, LINE, SOFT = "#14211f", "#4a5955", "#ccd4ce", "#e9eeea"
MODEL, OTHER, WITH, WITHOUT = "#0d5257", "#7d4e00", "#9c2520", "#1d4f91"
FONT: Final = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
DPI = 200
WIDTH, HEIGHT = 4.6, 3.4
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "path",
    "svg.hashsalt": "trabecula",
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "text.color": INK,
    "font.size": 8.5,
    "path.simplify": False,
}


def draw(sheet: Sheet, name: FigureName, kind: Kind, marks: Sequence[str]) -> bytes:
    """Return a figure as PNG or SVG, every mark drawn inside it. Raises KeyError for a figure nobody listed."""
    paint, height = _PAINT[name]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height(sheet)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        paint(axes, sheet)
        _mark(figure, marks)
        for text in figure.findobj(Text):
            _set_font(text)
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=DPI, facecolor="white", metadata=_metadata(kind, marks))
    return file.getvalue()


def _metadata(kind: Kind, marks: Sequence[str]) -> dict[str, Any]:
    said = " ".join((*marks, "Trabecula"))
    return {"Software": None, "Description": said} if kind == "png" else {"Date": None, "Creator": None, "Title": said}


def _set_font(text: Any) -> None:
    weight_free = FontProperties(fname=str(FONT), size=text.get_fontsize())
    text.set_fontproperties(weight_free)


def _mark(figure: Figure, marks: Sequence[str]) -> None:
    for place, mark in enumerate(marks):
        figure.text(
            0.5,
            0.55 - 0.22 * place,
            mark,
            ha="center",
            va="center",
            rotation=18,
            alpha=0.13,
            fontsize=min(34, 420 / len(mark)),
            color=INK,
            zorder=10,
        )


def _unit_axes(axes: Axes, x: str, y: str) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x, ylabel=y)
    axes.set_aspect("equal")
    axes.grid(color=SOFT, linewidth=0.8)
    axes.set_axisbelow(True)


def _roc(axes: Axes, sheet: Sheet) -> None:
    _unit_axes(axes, "1 \N{MINUS SIGN} specificity", "Sensitivity")
    axes.plot([0, 1], [0, 1], color=LINE, linewidth=1, linestyle=(0, (4, 3)))
    for model in reversed(sheet["models"]):
        is_primary = model["role"] == "primary"
        axes.plot(
            [point[0] for point in model["roc"]],
            [point[1] for point in model["roc"]],
            color=MODEL if is_primary else OTHER,
            linewidth=2 if is_primary else 1.1,
            linestyle="-" if is_primary else (0, (5, 2)),
            label=f"{model['name']}: {estimate(model['auc'])}",
        )
    _cross_of_shares(axes, primary_of(sheet))
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor=LINE, fontsize=7.5)


def _cross_of_shares(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the locked threshold as a cross: its arms are the intervals of sensitivity and specificity."""
    up, across = model["sensitivity"], model["specificity"]
    if up["value"] is None or across["value"] is None:
        return
    x, y = 1 - across["value"], up["value"]
    axes.errorbar(
        x,
        y,
        xerr=[[max(0.0, x - (1 - across["upper"]))], [max(0.0, 1 - across["lower"] - x)]],
        yerr=[[max(0.0, y - up["lower"])], [max(0.0, up["upper"] - y)]],
        fmt="o",
        markersize=5,
        color=INK,
        elinewidth=1,
        capsize=2,
        label="locked threshold",
    )


def _confusion(axes: Axes, sheet: Sheet) -> None:
    counts = primary_of(sheet)["confusion"]
    with_it, without = groups_of(sheet)
    cells = ((0, 1, "tp", True), (1, 1, "fn", False), (0, 0, "fp", False), (1, 0, "tn", True))
    for x, y, key, is_right in cells:
        axes.add_patch(_box(x, y, "#d9e8e6" if is_right else "#f6e9e0"))
        axes.text(x + 0.5, y + 0.54, count(counts[key]), ha="center", va="center", fontsize=20)
        axes.text(x + 0.5, y + 0.24, "right" if is_right else "wrong", ha="center", va="center", color=QUIET)
    axes.set(xlim=(0, 2), ylim=(0, 2), xticks=[0.5, 1.5], yticks=[0.5, 1.5])
    axes.set_xticklabels(["called positive", "called negative"])
    axes.set_yticklabels([_fold(without), _fold(with_it)])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _box(x: float, y: float, colour: str) -> Any:
    return mpl.patches.Rectangle((x + 0.02, y + 0.02), 0.96, 0.96, facecolor=colour, edgecolor="white")


def _comparison(axes: Axes, sheet: Sheet) -> None:
    shown = [model for model in sheet["models"] if model["auc"]["value"] is not None]
    for place, model in enumerate(reversed(shown)):
        auc, colour = model["auc"], MODEL if model["role"] == "primary" else OTHER
        axes.plot([auc["lower"], auc["upper"]], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot(auc["value"], place, "s", color=colour, markersize=7)
        axes.text(auc["value"], place + 0.2, estimate(auc), ha="center", va="bottom", fontsize=8)
    axes.axvline(0.5, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    lowest = min([0.4, *(model["auc"]["lower"] for model in shown)])
    axes.set(xlim=(lowest - 0.02, 1.01), ylim=(-0.6, max(len(shown), 1) - 0.3))
    axes.set(xlabel=f"AUC with {percent_of(sheet)} interval; 0.5 tells nothing apart", yticks=range(len(shown)))
    axes.set_yticklabels([model["name"] for model in reversed(shown)])
    axes.tick_params(axis="y", length=0)


def _risks(axes: Axes, sheet: Sheet) -> None:
    model, names = primary_of(sheet), groups_of(sheet)
    for place, (key, colour) in enumerate((("without", WITHOUT), ("with", WITH))):
        risks = model["risks"][key]
        small = len(risks) > 200
        axes.plot(
            risks,
            _spread(risks, place),
            "|" if small else "o",
            color=colour,
            alpha=0.35 if small else 0.75,
            markersize=8 if small else 6,
            markeredgewidth=0.6 if small else 0,
        )
    if model["threshold"] is not None:
        axes.axvline(model["threshold"], color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.text(model["threshold"] + 0.015, 1.5, f"threshold {number(model['threshold'], 3)}", ha="left", fontsize=8)
    n_with, n_without = len(model["risks"]["with"]), len(model["risks"]["without"])
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.55, 1.75), xlabel="Predicted likelihood", yticks=[0, 1])
    axes.set_yticklabels([f"{_fold(names[1])}\n(n = {count(n_without)})", f"{_fold(names[0])}\n(n = {count(n_with)})"])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=SOFT, linewidth=0.8)


def _spread(risks: Sequence[float], place: int) -> list[float]:
    """Return heights that keep marks of near values apart; the order decides, so nothing is drawn at random."""
    return [place + ((i * 5) % 9 - 4) * 0.045 for i in range(len(risks))]


def _calibration(axes: Axes, sheet: Sheet) -> None:
    model = primary_of(sheet)
    curve = model["calibration"]["curve"]
    top = min(1.0, 1.1 * max(max(point) for point in curve))
    _unit_axes(axes, "Predicted likelihood", "Share with the outcome, smoothed")
    axes.set(xlim=(0, top), ylim=(0, top))
    axes.plot([0, 1], [0, 1], color=LINE, linewidth=1, linestyle=(0, (4, 3)))
    axes.plot([point[0] for point in curve], [point[1] for point in curve], color=MODEL, linewidth=2)
    every = sorted((*model["risks"]["with"], *model["risks"]["without"]))
    axes.plot(
        every[:: max(1, len(every) // 400)],
        [0.01 * top] * len(every[:: max(1, len(every) // 400)]),
        "|",
        color=QUIET,
        markersize=6,
        alpha=0.5,
    )


def _net_benefit(axes: Axes, sheet: Sheet) -> None:
    rows = primary_of(sheet)["net_benefit"]
    at = [row[0] for row in rows]
    floor = min(0.0, *(row[1] for row in rows))
    axes.axhline(0, color=QUIET, linewidth=1, label="act on nobody")
    axes.plot(at, [row[2] for row in rows], color=OTHER, linewidth=1.2, linestyle=(0, (5, 2)), label="act on everybody")
    axes.plot(at, [row[1] for row in rows], color=MODEL, linewidth=2, label="act on the model")
    top = max(0.05, *(max(row[1:]) for row in rows))
    axes.set(xlim=(0, max(at)), ylim=(floor - 0.15 * top, 1.1 * top), xlabel="Threshold", ylabel="Net benefit a person")
    axes.legend(loc="upper right", frameon=False, fontsize=8)
    axes.grid(color=SOFT, linewidth=0.8)


def _flow(axes: Axes, sheet: Sheet) -> None:
    steps = [(one["step"], one["n"]) for one in sheet["flow"]]
    for place, (step, n) in enumerate(steps):
        y = -place
        axes.add_patch(
            mpl.patches.FancyBboxPatch(
                (0.12, y - 0.27),
                0.76,
                0.54,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="#f3f7f6",
                edgecolor=MODEL,
            )
        )
        axes.text(0.17, y, step, ha="left", va="center", fontsize=9)
        axes.text(0.83, y, count(n), ha="right", va="center", fontsize=11)
    for place, ((_, before), (_, after)) in enumerate(pairwise(steps)):
        axes.annotate("", (0.5, -place - 0.73), (0.5, -place - 0.27), arrowprops={"arrowstyle": "-|>", "color": QUIET})
        if before > after:
            axes.text(0.53, -place - 0.5, f"{count(before - after)} fewer", va="center", fontsize=7.5, color=QUIET)
    axes.set(xlim=(0, 1), ylim=(-len(steps) + 0.6, 0.4))
    axes.set_axis_off()


def _fold(words: str) -> str:
    """Return a label on two lines where it is long."""
    if len(words) < 16:
        return words
    pieces = words.split()
    middle = min(range(1, len(pieces)), key=lambda i: abs(len(" ".join(pieces[:i])) - len(words) / 2), default=0)
    return f"{' '.join(pieces[:middle])}\n{' '.join(pieces[middle:])}" if middle else words


Height = Callable[[Sheet], float]
_PAINT: Final[Mapping[FigureName, tuple[Callable[[Axes, Sheet], None], Height]]] = {
    "roc": (_roc, lambda _: 4.2),
    "confusion": (_confusion, lambda _: 3.0),
    "comparison": (_comparison, lambda sheet: 0.9 + 0.6 * len(sheet["models"])),
    "risks": (_risks, lambda _: 2.5),
    "calibration": (_calibration, lambda _: 4.0),
    "net_benefit": (_net_benefit, lambda _: HEIGHT),
    "flow": (_flow, lambda sheet: 0.35 + 0.62 * len(sheet["flow"])),
}
