# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lucene query strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from luqum import tree
from luqum.exceptions import ParseError
from luqum.parser import parser

from receiver.bounds import in_range
from receiver.fields import equals, like, values
from receiver.predicate import BadQuery, Predicate, all_of, at_least, everything, none_of

DEFAULT_FIELD = "message"


def lucene(query: str, field: str = DEFAULT_FIELD, every: bool = False) -> Predicate:
    """The question that a query string asks; ``every``: AND, not OR, stands where nothing does."""
    if not query.strip():
        raise BadQuery("Cannot parse an empty query")
    try:
        return Translator(every).node(parser.parse(query), field)
    except (ParseError, RecursionError) as error:
        raise BadQuery(f"Failed to parse query [{query}]: {error}") from error


class Translator:
    """Translates the nodes of luqum's tree."""

    def __init__(self, every: bool) -> None:
        self._every = every
        self._by_node: dict[type, Callable[[Any, str], Predicate]] = {
            tree.SearchField: self._search_field,
            tree.Group: self._inner, tree.FieldGroup: self._inner,
            tree.Boost: self._inner, tree.Plus: self._inner,
            tree.AndOperation: lambda node, field: all_of(self._each(node, field)),
            tree.OrOperation: lambda node, field: at_least(1, self._each(node, field)),
            tree.UnknownOperation: self._mixed,
            tree.Not: self._not, tree.Prohibit: self._not,
            tree.Word: self._word,
            tree.Phrase: lambda node, field: matches(field, unescape(node.value[1:-1])),
            tree.Range: self._range, tree.From: self._open_range, tree.To: self._open_range,
        }  # fmt: skip

    def node(self, node: Any, field: str) -> Predicate:
        """The question that a node asks about a field."""
        translate = self._by_node.get(type(node))
        if translate is None:
            raise BadQuery(f"The local receiver does not know {type(node).__name__}: [{node}]")
        return translate(node, field)

    def _each(self, node: Any, field: str) -> list[Predicate]:
        return [self.node(child, field) for child in node.children]

    def _inner(self, node: Any, field: str) -> Predicate:
        return self.node(node.children[0], field)

    def _not(self, node: Any, field: str) -> Predicate:
        return none_of(self._each(node, field))

    def _search_field(self, node: Any, field: str) -> Predicate:
        if isinstance(node.expr, tree.SearchField):
            raise BadQuery(f"Failed to parse query [{node}]: a colon in a value must be escaped or quoted")
        name = unescape(node.name)
        if name == "_exists_":
            return exists(unescape(str(node.expr).strip()))
        if name == "*" and str(node.expr).strip() == "*":
            return everything
        return self.node(node.expr, name)

    def _word(self, node: Any, field: str) -> Predicate:
        if node.value == "*":
            return everything if field == DEFAULT_FIELD else exists(field)
        if node.has_wildcard():
            return lambda event: any(like(field, value, node.value) for value in values(event, field))
        return matches(field, unescape(node.value))

    def _mixed(self, node: Any, field: str) -> Predicate:
        needed, excluded, wanted = [], [], []
        for child in node.children:
            if isinstance(child, (tree.Not, tree.Prohibit)):
                excluded.append(self._inner(child, field))
            elif isinstance(child, tree.Plus) or self._every:
                needed.append(self.node(child, field))
            else:
                wanted.append(self.node(child, field))
        enough = 1 if wanted and not needed else 0
        return all_of([*needed, none_of(excluded), at_least(enough, wanted)])

    def _range(self, node: Any, field: str) -> Predicate:
        low, high = "gte" if node.include_low else "gt", "lte" if node.include_high else "lt"
        bounds = {low: bound(node.low), high: bound(node.high)}
        return in_range(field, {name: value for name, value in bounds.items() if value != "*"})

    def _open_range(self, node: Any, field: str) -> Predicate:
        name = "gt" if isinstance(node, tree.From) else "lt"
        return in_range(field, {name + ("e" if node.include else ""): bound(node.a)})


def bound(node: Any) -> str:
    """The text of a bound."""
    text = str(node).strip()
    return unescape(text[1:-1] if isinstance(node, tree.Phrase) else text)


def unescape(text: str) -> str:
    """A text without the backslashes that escape."""
    return str(tree.Term.WORD_ESCAPED_CHARS.sub(r"\1", text))


def exists(field: str) -> Predicate:
    """Whether an event has a field."""
    return lambda event: any(True for _value in values(event, field))


def matches(field: str, wanted: str) -> Predicate:
    """Whether a field has a value; for a time: whether it lies in the moment or the day that is named."""
    if field == "timestamp":
        return in_range(field, {"gte": wanted, "lte": wanted})
    return lambda event: any(equals(field, value, wanted) for value in values(event, field))
