"""Rendering pieces in tests, and reading what came out."""

from html.parser import HTMLParser
from typing import Any

from django.template import engines

VOID = frozenset({"input", "img", "br", "hr", "meta", "link"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


class Piece:
    """What a template made: its source, its words, its elements."""

    def __init__(self, source: str) -> None:
        self.source = source
        reader = _Reader()
        reader.feed(source)
        self.elements = reader.elements
        self.text = " ".join(" ".join(reader.texts).split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of every such element; write `class_` for class, `_` for a hyphen."""
        names = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [has for found, has in self.elements if found == tag and names.items() <= has.items()]

    def one(self, tag: str, **wanted: str) -> dict[str, str]:
        """Return the attributes of the only such element."""
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"wanted one <{tag}> with {wanted}, found {len(found)} in:\n{self.source}"
        return found[0]


def show(template: str, **context: Any) -> Piece:
    """Render a line of template, with our tags at hand."""
    source = "{% load trabecula_tags %}" + template
    return Piece(engines["django"].from_string(source).render(context))
