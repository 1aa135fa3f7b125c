"""The portal's few icons as SVG shapes on a 24 by 24 grid. Pure; drawn inline, so the strict CSP needs no exception."""

from typing import Final

LINES: Final[dict[str, str]] = {
    "arrow": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "chevron": '<path d="M6 9l6 6 6-6"/>',
    "check": '<path d="M5 12.5l4.500 4.500L19 7.500"/>',
    "cross": '<path d="M6 6l12 12M18 6L6 18"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.01"/>',
    "link": (
        '<path d="M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1"/>'
        '<path d="M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1"/>'
    ),
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>',
    # One shape per tone of a state: a reader who sees no colour tells them apart by outline alone.
    "plain": '<circle cx="12" cy="12" r="8"/>',
    "busy": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16Z" fill="currentColor"/>',
    "good": '<circle cx="12" cy="12" r="9"/><path d="M8 12.500l3 3 5-6.500"/>',
    "warn": '<path d="M12 4L2.500 20h19Z"/><path d="M12 10v4.500M12 17v.01"/>',
    "bad": '<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8Z"/><path d="M9 9l6 6M15 9l-6 6"/>',
    "shut": '<rect x="5" y="11" width="14" height="9" rx="1.500"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
    "ended": '<rect x="5" y="5" width="14" height="14" rx="1"/>',
}


def draw(name: str) -> str:
    """Return the icon as an SVG element hidden from screen readers: the word always stands beside it."""
    if name not in LINES:
        raise ValueError(f"there is no icon '{name}'; there are {', '.join(sorted(LINES))}")
    return f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{LINES[name]}</svg>'
