"""The tree of a filter as a form: groups and conditions, each with a path, read from and written to plain fields.

A group is "all", "any", "none" or "not_all" of what it holds; "none" is stored as {"not": {"any": …}}.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from bridge.engine.filters import TESTS
from bridge.engine.kinds import fields_of
from bridge.engine.transforms import read_number
from connectors.contract import CUSTOM, ENTITY_LABELS

GROUPS = {
    "all": _("all of these hold"),
    "any": _("any of these holds"),
    "none": _("none of these holds"),
    "not_all": _("not all of these hold"),
}
WORDS = {
    "equals": _("is"),
    "not_equals": _("is not"),
    "contains": _("contains"),
    "starts_with": _("starts with"),
    "known": _("is known"),
    "unknown": _("is not known"),
    "greater": _("is more than"),
    "less": _("is less than"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "between": _("is between"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "before": _("is before"),
    "after": _("is after"),
    "is_true": _("is yes"),
    "is_false": _("is no"),
}
NO_VALUE = ("known", "unknown", "is_true", "is_false")
MOST_NODES = 250
NONE_LISTED: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Node:
    """One group or condition of a form. `path` is "0" for the root, "0.1" for its second member."""

    path: str
    kind: str  # all | any | none | not_all | if
    children: tuple["Node", ...] = ()
    field: str = ""
    test: str = "equals"
    value: str = ""
    value2: str = ""

    @property
    def is_group(self) -> bool:
        return self.kind != "if"

    @property
    def wants_value(self) -> bool:
        return self.test not in NO_VALUE


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field a condition may look at, with the tests that fit its kind."""

    name: str
    label: str
    kind: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields under one heading: a record's own, or those of the records that name it."""

    label: str
    fields: tuple[FieldChoice, ...]


def fields_used(root: Node) -> set[str]:
    """Return the fields a form has conditions on."""
    found = {root.field} if root.field else set()
    return found.union(*(fields_used(item) for item in root.children))


def field_groups(
    entity: str,
    language: str,
    beside: Collection[str] = (),
    told: Collection[str] = (),
    used: Collection[str] = (),
    own_of: str = "",
    listed: Mapping[str, str] = NONE_LISTED,
) -> list[FieldGroup]:
    """Return the fields of an entity a person may filter by, those of the associated records `beside` it after, and
    last those the account's people added, `listed` by name or told by records, under the heading `own_of`.

    Of each group just those that records tell, where it is known (`told`), and those that are used already.
    """
    known = fields_of(entity)
    groups_told = {name.partition(".")[0] if name.partition(".")[0] in beside else "" for name in told}

    def offered(name: str, whole: str) -> bool:
        group = whole if whole in beside else ""
        shown = name if group else whole
        return group not in groups_told or name == whole == group or shown in told or name in used

    own: list[FieldChoice] = []
    others: dict[str, list[FieldChoice]] = {name: [] for name in known if name in beside}
    for name, item in known.items():
        whole = name.partition(".")[0]
        if item.kind in TESTS and (known[whole].kind != "records" or whole in beside) and offered(name, whole):
            others.get(whole, own).append(FieldChoice(name, item.label.say(language), item.kind, TESTS[item.kind]))
    groups = [FieldGroup(ENTITY_LABELS[entity].say(language), tuple(own))]
    groups += [FieldGroup(known[name].label.say(language), tuple(found)) for name, found in others.items()]
    added = {name: name.removeprefix(CUSTOM) for name in sorted({*told, *used}) if name.startswith(CUSTOM)} | listed
    choices = (FieldChoice(name, label, "text", TESTS["text"]) for name, label in added.items())
    return groups + ([FieldGroup(own_of, tuple(choices))] if added and own_of else [])


def form_of(tree: Mapping[str, Any]) -> Node:
    """Return a stored filter as a form; the root is always a group."""
    node = _node(tree or {"all": []}, "0")
    return node if node.is_group else Node("0", "all", (replace(node, path="0.0"),))


def _node(tree: Mapping[str, Any], path: str, turned: bool = False) -> Node:
    if "field" in tree:
        node = _condition(tree, path)
        return Node(path, "none", (replace(node, path=f"{path}.0"),)) if turned else node
    if "not" in tree:
        return _node(tree["not"], path, not turned)
    kind = "any" if "any" in tree else "all"
    named = {"any": "none", "all": "not_all"}[kind] if turned else kind
    inside = tree.get(kind) or ()
    return Node(path, named, tuple(_node(item, f"{path}.{place}") for place, item in enumerate(inside)))


def _condition(tree: Mapping[str, Any], path: str) -> Node:
    value, second = tree.get("value"), ""
    if isinstance(value, list | tuple):
        if tree.get("test") == "between" and len(value) == 2:
            value, second = value[0], str(value[1])
        else:
            value = ", ".join(str(item) for item in value)
    text = "" if value is None else str(value)
    return Node(path, "if", (), str(tree["field"]), str(tree.get("test", "")), text, second)


def read(post: QueryDict) -> Node:
    """Return the form a person sent; paths that name no parent are left out."""
    paths = post.getlist("node")[:MOST_NODES]
    known: dict[str, list[str]] = {"0": []}
    for path in paths:
        parent = path.rpartition(".")[0]
        if path != "0" and parent in known:
            known[parent].append(path)
            known[path] = []

    def build(path: str, fresh: str) -> Node:
        kind = post.get(f"kind:{path}", "all")
        if kind == "if":
            return Node(
                fresh,
                "if",
                (),
                post.get(f"field:{path}", ""),
                post.get(f"test:{path}", ""),
                post.get(f"value:{path}", "").strip(),
                post.get(f"value2:{path}", "").strip(),
            )
        inside = tuple(build(child, f"{fresh}.{place}") for place, child in enumerate(known[path]))
        return Node(fresh, kind if kind in GROUPS else "all", inside)

    root = build("0", "0")
    return root if root.is_group else Node("0", "all")


def changed(root: Node, order: str, field: str) -> Node:
    """Return the form after a button ("add:0", "group:0", "remove:0.1"). New conditions begin with `field`."""
    verb, _colon, path = order.partition(":")
    if verb == "remove" and path != "0":
        return _numbered(_without(root, path), "0")
    if verb in ("add", "group"):
        fresh = Node("", "if", field=field) if verb == "add" else Node("", "any", (Node("", "if", field=field),))
        return _numbered(_with(root, path, fresh), "0")
    return root


def _without(node: Node, path: str) -> Node:
    return replace(node, children=tuple(_without(item, path) for item in node.children if item.path != path))


def _with(node: Node, path: str, fresh: Node) -> Node:
    if node.path == path:
        return replace(node, children=(*node.children, fresh))
    return replace(node, children=tuple(_with(item, path, fresh) for item in node.children))


def _numbered(node: Node, path: str) -> Node:
    inside = tuple(_numbered(item, f"{path}.{place}") for place, item in enumerate(node.children))
    return replace(node, path=path, children=inside)


def tree_of(root: Node, entity: str, language: str) -> dict[str, Any]:
    """Return the filter a form means; groups with nothing in them mean nothing. {} lets every record through."""
    return _tree(root, entity, language) or {}


def _tree(node: Node, entity: str, language: str) -> dict[str, Any] | None:
    if not node.is_group:
        return _stored(node, entity, language)
    inside = [tree for item in node.children if (tree := _tree(item, entity, language)) is not None]
    if not inside:
        return None
    if node.kind in ("none", "not_all"):
        return {"not": {"any" if node.kind == "none" else "all": inside}}
    return {node.kind: inside}


def _stored(node: Node, entity: str, language: str) -> dict[str, Any]:
    condition: dict[str, Any] = {"field": node.field, "test": node.test}
    if not node.wants_value:
        return condition
    known = fields_of(entity).get(node.field)
    kind = known.kind if known else "text"
    if node.test == "between":
        return {**condition, "value": [_typed(node.value, kind, language), _typed(node.value2, kind, language)]}
    if node.test in ("in", "not_in"):
        return {**condition, "value": [_typed(part, kind, language) for part in _parts(node.value)]}
    return {**condition, "value": _typed(node.value, kind, language)}


def _parts(text: str) -> Sequence[str]:
    for mark in (";", "\n"):
        text = text.replace(mark, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def _typed(text: str, kind: str, language: str) -> str:
    """Amounts are read as the person's language writes them and kept plain; what is none is left for the check."""
    if kind not in ("money", "number"):
        return text
    found = read_number(text, "fr" if language == "fr" else "")
    return text if found is None else format(found, "f")


def path_in_form(problem_path: str) -> str:
    """Return the form's path for a path of the checker ("all.0.any.1.value" is "0.0.1")."""
    return ".".join(["0", *(part for part in problem_path.split(".") if part.isdecimal())])
