"""Filters: trees of conditions over canonical values, checked, evaluated with a trace, and told in plain words.

A tree is {} (everything passes), {"all": [...]}, {"any": [...]}, {"not": tree} or {"field", "test", "value"}. Case and
outer blanks of texts do not count, accents do. A field the record does not tell counts as unknown. A condition on
associated records holds when at least one of them meets it; theirs is "unknown" when no record tells the field.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from bridge.engine.kinds import NOT_TOLD, Several, day, field_of, fields_of, in_zone, label_of, number, plain, told
from bridge.engine.match import normal_phone
from bridge.engine.model import Problem
from connectors.contract import Ref, Text, freeze
from connectors.contract.recipe import Tree

Trace = tuple[Mapping[str, Any], ...]
DEEPEST = 12
MOST_CONDITIONS = 200

_TEXTS = ("equals", "not_equals", "contains", "starts_with", "in", "not_in", "known", "unknown")
_NUMBERS = (
    "equals",
    "not_equals",
    "greater",
    "less",
    "at_least",
    "at_most",
    "between",
    "in",
    "not_in",
    "known",
    "unknown",
)
_DATES = ("equals", "not_equals", "before", "after", "between", "known", "unknown")
_CHOICES = ("equals", "not_equals", "in", "not_in", "known", "unknown")
TESTS: Mapping[str, tuple[str, ...]] = {
    "text": _TEXTS,
    "email": _TEXTS,
    "phone": _TEXTS,
    "choice": _CHOICES,
    "ref": _CHOICES,
    "money": _NUMBERS,
    "number": _NUMBERS,
    "date": _DATES,
    "instant": _DATES,
    "flag": ("is_true", "is_false", "equals", "not_equals", "known", "unknown"),
    "tags": ("contains", "in", "not_in", "known", "unknown"),
    "address": ("known", "unknown"),
    "lines": ("known", "unknown"),
    "refs": ("known", "unknown"),
    "records": ("known", "unknown"),
}
ALL_TESTS = frozenset(test for tests in TESTS.values() for test in tests)
_NO_VALUE = frozenset({"known", "unknown", "is_true", "is_false"})
_LISTS = frozenset({"in", "not_in"})


def _fold(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip().casefold()


def _empty(value: Any) -> bool:
    return value is None or value is NOT_TOLD or value == "" or value == [] or value == {}


def _equals(have: Any, value: Any) -> bool:
    if _empty(have):
        return False
    if isinstance(have, bool):
        return have is _flag(value)
    if isinstance(have, Decimal | int):
        return number(have) == number(value)
    if isinstance(have, date):
        return day(have) == day(value)
    if isinstance(have, Ref):
        return have.remote_id == str(value)
    if isinstance(have, list | tuple):
        return any(_equals(item, value) for item in have)
    return isinstance(have, str) and _fold(have) == _fold(str(value))


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().lower())


def _contains(have: Any, value: Any) -> bool:
    if isinstance(have, list | tuple):
        return _equals(have, value)
    return isinstance(have, str) and _fold(str(value)) in _fold(have)


def _starts(have: Any, value: Any) -> bool:
    return isinstance(have, str) and _fold(have).startswith(_fold(str(value)))


def _order(have: Any, value: Any) -> int | None:
    """Return -1, 0 or 1 as `have` lies before, at or after `value`; None when the two have no order."""
    one: Any
    other: Any
    if isinstance(have, date):
        one, other = day(have), day(value)
    else:
        one, other = number(have), number(value)
    if one is None or other is None:
        return None
    return int(one > other) - int(one < other)


def _between(have: Any, value: Any) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    return _order(have, value[0]) in (0, 1) and _order(have, value[1]) in (0, -1)


def _in(have: Any, value: Any) -> bool:
    return isinstance(value, list | tuple) and any(_equals(have, item) for item in value)


_EVALUATE: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "not_equals": lambda have, value: not _equals(have, value),
    "contains": _contains,
    "starts_with": _starts,
    "known": lambda have, value: not _empty(have),
    "unknown": lambda have, value: _empty(have),
    "greater": lambda have, value: _order(have, value) == 1,
    "less": lambda have, value: _order(have, value) == -1,
    "at_least": lambda have, value: _order(have, value) in (0, 1),
    "at_most": lambda have, value: _order(have, value) in (0, -1),
    "between": _between,
    "in": _in,
    "not_in": lambda have, value: not _in(have, value),
    "before": lambda have, value: _order(have, value) == -1,
    "after": lambda have, value: _order(have, value) == 1,
    "is_true": lambda have, value: have is True,
    "is_false": lambda have, value: have is False,
}


def passes(tree: Tree, values: Mapping[str, Any], zone: str = "") -> bool:
    """Tell whether a record passes. A tree that is not well formed lets nothing through: check it before.

    What is compared of an instant is its day in the time zone `zone`, the organization's.
    """
    if not tree:
        return True
    if "field" in tree:
        test = _EVALUATE.get(tree.get("test", ""))
        return test is not None and _holds(test, tree, _told(values, tree["field"], zone))
    if "all" in tree:
        return all(passes(item, values, zone) for item in tree["all"])
    if "any" in tree:
        return any(passes(item, values, zone) for item in tree["any"])
    return "not" in tree and not passes(tree["not"], values, zone)


def _told(values: Mapping[str, Any], field: str, zone: str) -> Any:
    have = told(values, field)
    if not zone:
        return have
    return Several(in_zone(item, zone) for item in have) if isinstance(have, Several) else in_zone(have, zone)


def _holds(test: Callable[[Any, Any], bool], tree: Tree, have: Any) -> bool:
    if isinstance(have, Several):
        found = [test(item, tree.get("value")) for item in have]
        return all(found) if tree.get("test") == "unknown" else any(found)
    return test(have, tree.get("value"))


def evaluate(tree: Tree, values: Mapping[str, Any], zone: str = "") -> tuple[bool, Trace]:
    """Return (passed, trace): each condition with "field", "test", "value", "have" and whether it "passed".

    Every condition is in the trace, also those the outcome no longer hangs on. `have` is frozen.
    """
    trace: list[Mapping[str, Any]] = []
    _walk(tree, values, trace, zone)
    return passes(tree, values, zone), tuple(trace)


def _walk(tree: Tree, values: Mapping[str, Any], trace: list[Mapping[str, Any]], zone: str) -> None:
    if "field" in tree:
        have = _told(values, tree["field"], zone)
        if isinstance(have, Several):
            have = [item for item in have if item is not NOT_TOLD]
        shown = None if have is NOT_TOLD else freeze(have)
        row = {"field": tree["field"], "test": tree.get("test"), "value": tree.get("value"), "have": shown}
        trace.append({**row, "passed": passes(tree, values, zone)})
    for item in (*tree.get("all", ()), *tree.get("any", ())):
        _walk(item, values, trace, zone)
    if "not" in tree:
        _walk(tree["not"], values, trace, zone)


def failing(tree: Tree, values: Mapping[str, Any], zone: str = "") -> Trace:
    """Return the conditions that keep a record out, as in a trace; () when it passes. One that "passed" all the same
    stands under a "not".
    """
    found: list[Mapping[str, Any]] = []
    _blame(tree, values, True, found, zone)
    return tuple(found)


def _blame(tree: Tree, values: Mapping[str, Any], wanted: bool, found: list[Mapping[str, Any]], zone: str) -> None:
    if not tree or passes(tree, values, zone) is wanted:
        return
    if "field" in tree:
        _walk(tree, values, found, zone)
    for item in (*tree.get("all", ()), *tree.get("any", ())):
        _blame(item, values, wanted, found, zone)
    if "not" in tree:
        _blame(tree["not"], values, not wanted, found, zone)


# -- checking ---------------------------------------------------------------------------------------------------


def check_tree(tree: Any, entity: str) -> list[Problem]:
    """Return what is wrong with a filter for `entity`; paths look like "all.0.value"."""
    problems: list[Problem] = []
    count = _check(tree, entity, "", 0, problems)
    if count > MOST_CONDITIONS:
        problems.append(Problem("", "FILTER-TOO-LARGE", {"most": MOST_CONDITIONS}))
    return problems


def _check(tree: Any, entity: str, path: str, depth: int, problems: list[Problem]) -> int:
    if depth > DEEPEST:
        problems.append(Problem(path, "FILTER-TOO-LARGE", {"most": MOST_CONDITIONS}))
        return 0
    if not isinstance(tree, Mapping):
        problems.append(Problem(path, "FILTER-SHAPE"))
        return 0
    if not tree:
        return 0
    kind = next((name for name in ("all", "any", "not", "field") if name in tree), "")
    if kind == "field" and set(tree) <= {"field", "test", "value"}:
        problems.extend(_check_condition(tree, entity, path))
        return 1
    if len(tree) != 1 or not kind:
        problems.append(Problem(path, "FILTER-SHAPE"))
        return 0
    inside = tree[kind]
    if kind == "not":
        return _check(inside, entity, _at(path, "not"), depth + 1, problems)
    if not isinstance(inside, list | tuple):
        problems.append(Problem(_at(path, kind), "FILTER-SHAPE"))
        return 0
    if len(inside) > MOST_CONDITIONS:
        return len(inside)
    return sum(
        _check(item, entity, _at(path, f"{kind}.{place}"), depth + 1, problems) for place, item in enumerate(inside)
    )


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_condition(tree: Tree, entity: str, path: str) -> list[Problem]:
    name, test, value = tree["field"], tree.get("test"), tree.get("value")
    known = field_of(entity, name) if isinstance(name, str) else None
    if known is None:
        return [Problem(_at(path, "field"), "FILTER-UNKNOWN-FIELD", {"field": str(name)})]
    params = {"field": name, "test": str(test)}
    if test not in ALL_TESTS:
        return [Problem(_at(path, "test"), "FILTER-UNKNOWN-TEST", params)]
    if test not in TESTS.get(known.kind, ()):
        return [Problem(_at(path, "test"), "FILTER-TEST-KIND", params)]
    if _good_value(known.kind, str(test), value):
        return []
    return [Problem(_at(path, "value"), "FILTER-BAD-VALUE", {**params, "value": plain(value)})]


def _good_value(kind: str, test: str, value: Any) -> bool:
    if test in _NO_VALUE:
        return value in (None, "")
    if test in _LISTS:
        return isinstance(value, list | tuple) and bool(value) and all(_good_one(kind, item) for item in value)
    if test == "between":
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(_good_one(kind, item) for item in value):
            return False
        return _order(_typed(kind, value[0]), value[1]) in (0, -1)
    return _good_one(kind, value)


def _good_one(kind: str, value: Any) -> bool:
    if kind == "flag":
        return _flag(value) is not None
    if kind in ("money", "number"):
        return number(value) is not None
    if kind in ("date", "instant"):
        return isinstance(value, str | date) and day(value) is not None
    return isinstance(value, str) and bool(value.strip()) and len(value) <= 500


def _typed(kind: str, value: Any) -> Any:
    return day(value) if kind in ("date", "instant") else number(value)


# -- what can be told without a record --------------------------------------------------------------------------

Verdict = Literal["everything", "nothing"]
_OPPOSITE = {
    "known": "unknown",
    "equals": "not_equals",
    "in": "not_in",
}
_OPPOSITE |= {value: key for key, value in _OPPOSITE.items()}
_UPPER = frozenset({"less", "at_most", "before"})
_LOWER = frozenset({"greater", "at_least", "after"})


def always(tree: Tree, entity: str) -> Verdict | None:
    """Tell whether a filter surely lets "everything" or "nothing" through, as far as can be seen; else None."""
    if not tree:
        return "everything"
    if "field" in tree:
        return _condition_always(tree, entity)
    if "not" in tree:
        inside = always(tree["not"], entity)
        return None if inside is None else "nothing" if inside == "everything" else "everything"
    return _all_always(tree["all"], entity) if "all" in tree else _any_always(tree.get("any", ()), entity)


def _condition_always(tree: Tree, entity: str) -> Verdict | None:
    test, value = tree.get("test"), tree.get("value")
    if test in _LISTS and not value:
        return "nothing" if test == "in" else "everything"
    known = field_of(entity, tree["field"])
    if known and test == "between" and not _good_value(known.kind, "between", value):
        return "nothing"
    return None


def _all_always(items: Sequence[Tree], entity: str) -> Verdict | None:
    verdicts = [always(item, entity) for item in items]
    if "nothing" in verdicts:
        return "nothing"
    if all(verdict == "everything" for verdict in verdicts):
        return "everything"
    flat = [item for item in items if "field" in item]
    clash = any(_clash(one, other, entity) for at, one in enumerate(flat) for other in flat[at + 1 :])
    return "nothing" if clash else None


def _any_always(items: Sequence[Tree], entity: str) -> Verdict | None:
    verdicts = [always(item, entity) for item in items]
    if "everything" in verdicts:
        return "everything"
    if all(verdict == "nothing" for verdict in verdicts):
        return "nothing"
    flat = [item for item in items if "field" in item]
    covers = any(_opposite(one, other, entity) for at, one in enumerate(flat) for other in flat[at + 1 :])
    return "everything" if covers else None


def _of_several(name: str, entity: str) -> bool:
    """Tell whether a field is one of associated records: each condition on it may be met by another one."""
    whole = fields_of(entity).get(name.partition(".")[0])
    return whole is not None and whole.kind == "records"


def _opposite(one: Tree, other: Tree, entity: str) -> bool:
    """Tell whether exactly one of the two holds for every record."""
    if one["field"] != other["field"] or _OPPOSITE.get(str(one.get("test"))) != other.get("test"):
        return False
    if _of_several(one["field"], entity):
        return one.get("test") in ("known", "unknown")
    return one.get("test") in ("known", "unknown") or one.get("value") == other.get("value")


def _clash(one: Tree, other: Tree, entity: str) -> bool:
    """Tell whether no record can pass both conditions."""
    if one["field"] != other["field"]:
        return False
    known = field_of(entity, one["field"])
    kind = known.kind if known else "text"
    if _of_several(one["field"], entity):
        return _opposite(one, other, entity)
    return _opposite(one, other, entity) or any(_clash_one_way(a, b, kind) for a, b in ((one, other), (other, one)))


def _clash_one_way(one: Tree, other: Tree, kind: str) -> bool:
    test, value, test2, value2 = one.get("test"), one.get("value"), other.get("test"), other.get("value")
    if test == "unknown":
        # These hold for a field that is not known as well.
        return test2 not in ("unknown", "not_equals", "not_in")
    if test == "is_true":
        return test2 == "is_false" or (test2 == "equals" and _flag(value2) is False)
    if test == "is_false" and test2 == "equals":
        return _flag(value2) is True
    if kind == "tags":
        return False
    if test == "equals":
        have = value if kind not in ("money", "number", "date", "instant") else _typed(kind, value)
        if have is None:
            return False
        if test2 in ("is_true", "is_false", "known", "unknown"):
            return False
        if kind == "flag":
            return test2 == "equals" and _flag(value) is not _flag(value2)
        if kind == "phone" and test2 == "equals":
            return normal_phone(str(value)) != normal_phone(str(value2))
        return not passes({"field": "x", "test": test2, "value": value2}, {"x": have})
    if test in _LOWER and test2 in _UPPER:
        order = _order(_typed(kind, value), value2)
        return order == 1 or (order == 0 and (test != "at_least" or test2 != "at_most"))
    return False


# -- words --------------------------------------------------------------------------------------------------------

_WORDS: Mapping[str, Text] = {
    "equals": Text("{field} is {value}", "{field} est {value}"),
    "not_equals": Text("{field} is not {value}", "{field} n’est pas {value}"),
    "contains": Text("{field} contains {value}", "{field} contient {value}"),
    "starts_with": Text("{field} starts with {value}", "{field} commence par {value}"),
    "known": Text("{field} is known", "{field} est connu"),
    "unknown": Text("{field} is not known", "{field} n’est pas connu"),
    "greater": Text("{field} is more than {value}", "{field} dépasse {value}"),
    "less": Text("{field} is less than {value}", "{field} est inférieur à {value}"),
    "at_least": Text("{field} is at least {value}", "{field} est d’au moins {value}"),
    "at_most": Text("{field} is at most {value}", "{field} est d’au plus {value}"),
    "between": Text("{field} is from {low} to {high}", "{field} va de {low} à {high}"),
    "in": Text("{field} is one of {value}", "{field} est l’un de {value}"),
    "not_in": Text("{field} is none of {value}", "{field} n’est aucun de {value}"),
    "before": Text("{field} is before {value}", "{field} précède le {value}"),
    "after": Text("{field} is after {value}", "{field} suit le {value}"),
    "is_true": Text("{field} is yes", "{field} est oui"),
    "is_false": Text("{field} is no", "{field} est non"),
}
_AND = Text(" and ", " et ")
_OR = Text(" or ", " ou ")
_NOT = Text("not ({inside})", "pas ({inside})")
_ALL = Text("Every record goes.", "Chaque fiche passe.")
_NONE = Text("No record goes.", "Aucune fiche ne passe.")
_ONLY = Text("A record goes only if {inside}.", "Une fiche ne passe que si {inside}.")


def describe(tree: Tree, entity: str, language: str) -> str:
    """Return a filter as one plain sentence in French or English."""
    verdict = always(tree, entity)
    if verdict == "everything":
        return _ALL.say(language)
    if not tree.get("any", True):
        return _NONE.say(language)
    return _ONLY.say(language, inside=_inside(tree, entity, language, top=True))


def _inside(tree: Tree, entity: str, language: str, top: bool = False) -> str:
    if "field" in tree:
        return describe_condition(tree, entity, language)
    if "not" in tree:
        return _NOT.say(language, inside=_inside(tree["not"], entity, language, top=True))
    joint = _AND if "all" in tree else _OR
    items = [item for item in tree.get("all", tree.get("any", ())) if item]
    words = joint.say(language).join(_inside(item, entity, language, top=len(items) == 1) for item in items)
    return words if top or len(items) == 1 else f"({words})"


def describe_condition(tree: Tree, entity: str, language: str) -> str:
    """Return one condition in words."""
    name, test, value = tree["field"], str(tree.get("test")), tree.get("value")
    label = quoted(label_of(entity, name, language), language)
    words = _WORDS.get(test)
    if words is None:
        return f"{label} {test}"
    known = field_of(entity, name)
    kind = known.kind if known else "text"
    if not isinstance(value, list | tuple):
        return words.say(language, field=label, value=shown(value, language, kind))
    items = [shown(item, language, kind) for item in value]
    if test == "between" and len(items) == 2:
        return words.say(language, field=label, low=items[0], high=items[1])
    return words.say(language, field=label, value=", ".join(items))


def quoted(text: str, language: str) -> str:
    """Return `text` between the language's quotation marks."""
    return f"«\u00a0{text}\u00a0»" if language.lower().startswith("fr") else f"“{text}”"


def shown(value: Any, language: str, kind: str = "text") -> str:
    """Return a value for a sentence: flags as words, numbers and dates bare, texts quoted."""
    french = language.lower().startswith("fr")
    if value is None or value == "":
        return "(vide)" if french else "(empty)"
    if kind == "flag" or isinstance(value, bool):
        truth = _flag(value)
        return ("oui" if truth else "non") if french else ("yes" if truth else "no")
    if isinstance(value, str) and kind not in ("money", "number", "date", "instant"):
        return quoted(value, language)
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = str(value) if isinstance(value, float) else plain(value)
    return text.replace(".", ",") if french and kind not in ("date", "instant") else text
