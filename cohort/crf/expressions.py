"""Conditions of the dictionary, as `[sex]='F' and [meno_status]>'2'`: read and answered without `eval` (pure).

Grammar, in the notation the dictionary uses:

    or      = and ("or" and)*
    and     = compare ("and" compare)*
    compare = "(" or ")" | sum sign sum
    sum     = term (("+" | "-") term)*
    term    = number | 'text' | [variable] | [variable(code)] | abs(sum)

`[variable(code)]` is '1' if a list of answers holds the code, else '0'. A comparison with something that was not
answered is false, because nobody can say; only a comparison with '' itself asks whether there is an answer.
The tree is plain JSON, so that the browser (frontend/static/js/branching.js) answers the very same tree.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final

Node = tuple[Any, ...]
"""("or" | "and", node, ...), ("<" ..., node, node), ("+" | "-", node, node), ("abs", node), ("number", "0.5"),
("text", "F"), ("answer", "sex"), ("holds", "ant_cond", "3")."""

SIGNS: Final = ("<=", ">=", "!=", "=", "<", ">")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>[^']*)'|\[(?P<name>\w+)(?:\((?P<code>\w+)\))?\]"
    r"|(?P<sign><=|>=|!=|=|<|>)|(?P<word>and|or|abs)\b|(?P<mark>[()+-]))"
)


class BadExpression(ValueError):
    """A condition that cannot be read; the text says where."""


@cache
def parse(text: str) -> Node:
    """Return the tree of a condition. Raises BadExpression."""
    tokens = _split(text)
    node, rest = _read_or(tokens, 0)
    if rest != len(tokens):
        raise BadExpression(f"'{text}': did not expect '{tokens[rest][1]}'")
    return node


def _split(text: str) -> list[tuple[str, Any]]:
    tokens: list[tuple[str, Any]] = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            raise BadExpression(f"'{text}': cannot read '{text[place:].strip()}'")
        kind = str(found.lastgroup)
        if kind in {"name", "code"}:
            tokens.append(("name", (found["name"], found["code"])))
        else:
            tokens.append((kind, found[kind]))
        place = found.end()
    if not tokens:
        raise BadExpression("an empty condition cannot be read")
    return tokens


def _read_or(tokens: list[tuple[str, Any]], at: int) -> tuple[Node, int]:
    return _read_chain(tokens, at, "or", _read_and)


def _read_and(tokens: list[tuple[str, Any]], at: int) -> tuple[Node, int]:
    return _read_chain(tokens, at, "and", _compare)


def _read_chain(
    tokens: list[tuple[str, Any]], at: int, word: str, read: Callable[[list[tuple[str, Any]], int], tuple[Node, int]]
) -> tuple[Node, int]:
    node, at = read(tokens, at)
    nodes = [node]
    while at < len(tokens) and tokens[at] == ("word", word):
        node, at = read(tokens, at + 1)
        nodes.append(node)
    return (nodes[0], at) if len(nodes) == 1 else ((word, *nodes), at)


def _compare(tokens: list[tuple[str, Any]], at: int) -> tuple[Node, int]:
    if _is(tokens, at, ("mark", "(")):
        node, at = _read_or(tokens, at + 1)
        return node, _want(tokens, at, ("mark", ")"))
    left, at = _read_sum(tokens, at)
    if at >= len(tokens) or tokens[at][0] != "sign":
        raise BadExpression(f"a comparison was expected, and {_name(tokens, at)} was found")
    sign = tokens[at][1]
    right, at = _read_sum(tokens, at + 1)
    return (sign, left, right), at


def _read_sum(tokens: list[tuple[str, Any]], at: int) -> tuple[Node, int]:
    node, at = _read_term(tokens, at)
    while at < len(tokens) and tokens[at] in {("mark", "+"), ("mark", "-")}:
        sign = tokens[at][1]
        right, at = _read_term(tokens, at + 1)
        node = (sign, node, right)
    return node, at


def _read_term(tokens: list[tuple[str, Any]], at: int) -> tuple[Node, int]:
    if at >= len(tokens):
        raise BadExpression("the condition ends too early")
    kind, value = tokens[at]
    if kind in {"number", "text"}:
        return (kind, value), at + 1
    if kind == "name":
        name, code = value
        return (("answer", name) if code is None else ("holds", name, code)), at + 1
    if (kind, value) == ("word", "abs"):
        at = _want(tokens, at + 1, ("mark", "("))
        node, at = _read_sum(tokens, at)
        return ("abs", node), _want(tokens, at, ("mark", ")"))
    raise BadExpression(f"a value was expected, and {_name(tokens, at)} was found")


def _is(tokens: list[tuple[str, Any]], at: int, token: tuple[str, str]) -> bool:
    return at < len(tokens) and tokens[at] == token


def _want(tokens: list[tuple[str, Any]], at: int, token: tuple[str, str]) -> int:
    if not _is(tokens, at, token):
        raise BadExpression(f"'{token[1]}' was expected, and {_name(tokens, at)} was found")
    return at + 1


def _name(tokens: list[tuple[str, Any]], at: int) -> str:
    return f"'{tokens[at][1]}'" if at < len(tokens) else "the end"


def list_variables(node: Node) -> Iterator[str]:
    """Yield every variable a condition looks at."""
    if node[0] in {"answer", "holds"}:
        yield node[1]
    for part in node[1:]:
        if isinstance(part, tuple):
            yield from list_variables(part)


def holds(node: Node, answers: Mapping[str, Any]) -> bool:
    """Return whether a condition holds.

    answers: variable → number, code or list of codes; what was not answered is missing, None or ''.
    """
    kind = node[0]
    if kind == "and":
        return all(holds(part, answers) for part in node[1:])
    if kind == "or":
        return any(holds(part, answers) for part in node[1:])
    left, right = _value(node[1], answers), _value(node[2], answers)
    if ("text", "") in node[1:]:
        return (left == right) if kind == "=" else (left != right) and kind == "!="
    if left == "" or right == "":
        return False
    return _is_so(kind, left, right)


def _is_so(sign: str, left: Decimal | str, right: Decimal | str) -> bool:
    one, other = _as_number(left), _as_number(right)
    if one is not None and other is not None:
        return _order(sign, (one > other) - (one < other))
    # Codes that are no numbers have no order.
    return _order(sign, 0 if left == right else 2)


def _order(sign: str, order: int) -> bool:
    return {
        "=": order == 0,
        "!=": order != 0,
        "<": order == -1,
        ">": order == 1,
        "<=": order in {-1, 0},
        ">=": order in {0, 1},
    }[sign]


def _value(node: Node, answers: Mapping[str, Any]) -> Decimal | str:
    kind = node[0]
    if kind == "number":
        return Decimal(node[1])
    if kind == "text":
        return str(node[1])
    if kind == "answer":
        found = answers.get(node[1])
        return "" if found is None or found == [] else str(found)
    if kind == "holds":
        return "1" if node[2] in (answers.get(node[1]) or ()) else "0"
    return _reckon(kind, [_as_number(_value(part, answers)) for part in node[1:]])


def _reckon(kind: str, parts: list[Decimal | None]) -> Decimal | str:
    numbers = [part for part in parts if part is not None]
    if len(numbers) != len(parts):
        return ""
    if kind == "abs":
        return abs(numbers[0])
    return numbers[0] + numbers[1] if kind == "+" else numbers[0] - numbers[1]


def _as_number(value: Decimal | str) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
