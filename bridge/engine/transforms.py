"""Transforms: the fixed verbs a mapping rule may use. Pure functions from a canonical value to another.

Rules are data: no verb evaluates text as code, and a template knows nothing but field names. A transform gets None for
"the vendor says empty" and mostly gives None back; what the record does not tell never reaches it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bridge.engine.filters import quoted
from bridge.engine.kinds import NOT_TOLD, coerce, day, fields_of, label_of, plain, told
from bridge.engine.model import CannotMap, Problem, Rule
from connectors.contract import CUSTOM, EntityField, Setting, Text
from connectors.contract.normal import split_emails

Values = Mapping[str, Any]
Maps = Mapping[str, Mapping[str, str]]
Function = Callable[[Any, str, Values, Maps], Any]
WORDS = frozenset({"text", "email", "phone", "choice"})
SIMPLE = WORDS | {"money", "number", "date", "instant", "flag", "ref"}


@dataclass(frozen=True, slots=True)
class Transform:
    """One verb. `kinds_in` are the kinds it takes, `kind_out` what it gives ("same": what it got; "typed": text read as
    the target's kind).

    `sourceless` verbs need no source field. `others(argument)` names the further fields they read. `check(argument)`
    tells whether an argument makes sense. `words` say it in a sentence, `{argument}` filled.
    """

    name: str
    label: Text
    words: Text
    function: Function
    kinds_in: frozenset[str] = WORDS
    kind_out: str = "text"
    argument: Setting | None = None
    sourceless: bool = False
    others: Callable[[str], tuple[str, ...]] = lambda argument: ()
    check: Callable[[str], bool] = lambda argument: True


def _on_text(function: Callable[[str, str], str | None]) -> Function:
    """Return a transform of text that leaves empty as it is; a list has its items transformed."""

    def run(value: Any, argument: str, values: Values, maps: Maps) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, list | tuple):
            return [run(item, argument, values, maps) for item in value]
        return function(plain(value), argument) or None

    return run


def _copy(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    return value


def _constant(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    return argument or None


def _title(text: str, argument: str) -> str:
    """Capitalise words, also after a hyphen or an apostrophe: "jean-guy o'neil" is "Jean-Guy O'Neil"."""
    return re.sub(r"[^\W\d_]+", lambda found: found[0][:1].upper() + found[0][1:].lower(), text)


def _split(text: str, argument: str) -> tuple[str, str]:
    parts = text.strip().split(argument or None, 1)
    return (parts[0].strip(), parts[1].strip()) if len(parts) == 2 else (text.strip(), "")


def _first_email(text: str, argument: str) -> str | None:
    found = split_emails(text)
    return found[0] if found else text


def _truncate(text: str, argument: str) -> str:
    """Cut without parting a letter from its accents or a joined sign from its pieces."""
    end = int(argument)
    if len(text) <= end:
        return text
    while end > 0 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip()


def _fields_then_joint(argument: str) -> tuple[tuple[str, ...], str]:
    names, bar, joint = argument.partition("|")
    return tuple(name.strip() for name in names.split(",") if name.strip()), joint if bar else " "


def _join(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    names, joint = _fields_then_joint(argument)
    parts = [plain(value), *(plain(told(values, name)) for name in names)]
    return joint.join(part.strip() for part in parts if part.strip()) or None


def _lookup(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    if value is None:
        return None
    kind, bar, otherwise = argument.partition("|")
    known, key = maps.get(kind.strip(), {}), plain(value)
    if key in known:
        return known[key]
    if bar:
        return otherwise.strip() or None
    raise CannotMap("VALUE-NOT-MAPPED", kind=kind.strip(), value=key)


def _default(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    return (argument or None) if value in (None, "", [], {}) else value


_DATE_MARKS = re.compile(r"YYYY|YY|MM|DD|HH|mm")
_DATE_ARGUMENT = re.compile(r"(?:YYYY|YY|MM|DD|HH|mm|[ ./:hT-]){1,12}\Z")
_DATE_CODES = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M"}


def _date_format(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    if value is None:
        return None
    when = value if isinstance(value, datetime | date) else day(value)
    if when is None:
        raise CannotMap("VALUE-NOT-A-DATE", value=plain(value))
    return _DATE_MARKS.sub(lambda found: _two(when, found[0]), argument or "YYYY-MM-DD")


def _two(when: date, mark: str) -> str:
    return f"{when.year:04d}" if mark == "YYYY" else when.strftime(_DATE_CODES[mark])


_AMOUNT = re.compile(r"\d+(?:\.\d+)?\Z|\.\d+\Z")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+\Z")


def read_number(text: str, manner: str = "") -> Decimal | None:
    """Read an amount as people write it: "1 234,56 $", "1,234.56", "(12.50)". None where it is none.

    `manner` "fr" takes every comma as decimal, "en" every comma as a separator of thousands; "" decides by what stands
    there, a single comma before exactly three digits being a separator of thousands.
    """
    plain_text = unicodedata.normalize("NFKC", text).strip()
    negative = plain_text.startswith("(") and plain_text.endswith(")")
    kept = re.sub(r"CAD|USD|EUR|[\s$€£'’()]", "", plain_text).replace("\u2212", "-")
    if kept[:1] in "+-" and kept:
        negative, kept = negative or kept[0] == "-", kept[1:]
    elif kept.endswith("-"):
        negative, kept = True, kept[:-1]
    kept = _with_point(kept, manner)
    if not _AMOUNT.match(kept) or len(kept) > 30:
        return None
    return -Decimal(kept) if negative else Decimal(kept)


def _with_point(text: str, manner: str) -> str:
    comma, point = text.rfind(","), text.rfind(".")
    if manner == "en" or (not manner and comma < point and comma >= 0):
        return text.replace(",", "")
    if manner == "fr" or (comma > point and point >= 0):
        return text.replace(".", "").replace(",", ".") if comma >= 0 else text
    if comma >= 0:
        return text.replace(",", "") if _GROUPED.match(text) else text.replace(",", ".", 1)
    return text.replace(".", "") if text.count(".") > 1 else text


def _number(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    if value is None or (isinstance(value, Decimal | int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and not value.strip():
        return None
    found = read_number(value, argument) if isinstance(value, str) else None
    if found is None:
        raise CannotMap("VALUE-NOT-A-NUMBER", value=plain(value))
    return found


def _choices(argument: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in argument.split(";") if part.strip())
    return {key.strip(): value.strip() for key, equal, value in pairs if equal}


def _choose(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    known, key = _choices(argument), plain(value)
    if key in known:
        return known[key] or None
    if "*" in known:
        return known["*"] or None
    if value is None:
        return None
    raise CannotMap("VALUE-NOT-CHOSEN", value=key)


_NAMED = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)?)\}")


def _template_fields(argument: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAMED.findall(argument)))


def _template(value: Any, argument: str, values: Values, maps: Maps) -> Any:
    parts = {name: plain(told(values, name)) for name in _template_fields(argument)}
    if parts and not any(parts.values()):
        return None
    filled = _NAMED.sub(lambda found: parts[found[1]], argument)
    return " ".join(filled.split()) or None


def _argument(
    en: str, fr: str, *, example: str = "", required: bool = True, pattern: str = "", default: str = ""
) -> Setting:
    return Setting("argument", Text(en, fr), required=required, example=example, pattern=pattern, default=default)


_SEPARATOR = _argument("Separator (blank: a space)", "Séparateur (vide : une espace)", required=False)


def _t(
    name: str, en: str, fr: str, words_en: str, words_fr: str, function: Function, **more: Any
) -> tuple[str, Transform]:
    return name, Transform(name, Text(en, fr), Text(words_en, words_fr), function, **more)


_LENGTH = re.compile(r"[1-9][0-9]{0,5}\Z")

REGISTRY: dict[str, Transform] = dict(
    (
        _t("copy", "Copy", "Copier", "as it is", "tel quel", _copy, kinds_in=frozenset({"*"}), kind_out="same"),
        _t(
            "constant",
            "Fixed value",
            "Valeur fixe",
            "always “{argument}”",
            "toujours « {argument} »",
            _constant,
            kinds_in=frozenset({"*"}),
            kind_out="typed",
            argument=_argument("Value", "Valeur"),
            sourceless=True,
            check=lambda argument: argument != "",
        ),
        _t(
            "upper",
            "Capitals",
            "Majuscules",
            "in capitals",
            "en majuscules",
            _on_text(lambda text, argument: text.upper()),
            kind_out="same",
        ),
        _t(
            "lower",
            "Small letters",
            "Minuscules",
            "in small letters",
            "en minuscules",
            _on_text(lambda text, argument: text.lower()),
            kind_out="same",
        ),
        _t(
            "title",
            "Capital initials",
            "Initiales majuscules",
            "with capital initials",
            "avec majuscules initiales",
            _on_text(_title),
            kind_out="same",
        ),
        _t(
            "trim",
            "Drop outer blanks",
            "Ôter les espaces en trop",
            "without needless blanks",
            "sans espaces superflues",
            _on_text(lambda text, argument: " ".join(text.split())),
            kind_out="same",
        ),
        _t(
            "join",
            "Join with other fields",
            "Joindre à d’autres champs",
            "joined with {argument}",
            "joint à {argument}",
            _join,
            kinds_in=SIMPLE,
            argument=_argument(
                "Other fields, then | and what goes between",
                "Autres champs, puis | et ce qui les sépare",
                example="family_name|, ",
            ),
            others=lambda argument: _fields_then_joint(argument)[0],
            check=lambda argument: bool(_fields_then_joint(argument)[0]),
        ),
        _t(
            "split_first",
            "First part",
            "Première partie",
            "its first part",
            "sa première partie",
            _on_text(lambda text, argument: _split(text, argument)[0]),
            argument=_SEPARATOR,
        ),
        _t(
            "split_rest",
            "All but the first part",
            "Tout sauf la première partie",
            "all but its first part",
            "tout sauf sa première partie",
            _on_text(lambda text, argument: _split(text, argument)[1]),
            argument=_SEPARATOR,
        ),
        _t(
            "first_email",
            "First e-mail address",
            "Première adresse courriel",
            "its first e-mail address",
            "sa première adresse courriel",
            _on_text(_first_email),
            kind_out="email",
        ),
        _t(
            "truncate",
            "Cut to a length",
            "Couper à une longueur",
            "cut to {argument} characters",
            "coupé à {argument} caractères",
            _on_text(_truncate),
            kinds_in=SIMPLE,
            argument=_argument("Characters", "Caractères", example="21", pattern="[1-9][0-9]{0,5}"),
            check=lambda argument: bool(_LENGTH.match(argument)),
        ),
        _t(
            "prefix",
            "Put before",
            "Mettre devant",
            "with “{argument}” before it",
            "précédé de « {argument} »",
            _on_text(lambda text, argument: argument + text),
            kinds_in=SIMPLE,
            argument=_argument("Text", "Texte", example="QB-"),
            check=lambda argument: argument != "",
        ),
        _t(
            "suffix",
            "Put after",
            "Mettre derrière",
            "with “{argument}” after it",
            "suivi de « {argument} »",
            _on_text(lambda text, argument: text + argument),
            kinds_in=SIMPLE,
            argument=_argument("Text", "Texte"),
            check=lambda argument: argument != "",
        ),
        _t(
            "lookup",
            "Look up in a value map",
            "Chercher dans une table de valeurs",
            "looked up in the value map “{argument}”",
            "cherché dans la table de valeurs « {argument} »",
            _lookup,
            kinds_in=SIMPLE,
            kind_out="typed",
            argument=_argument(
                "Kind of value, then | and what stands for others",
                "Genre de valeur, puis | et ce qui vaut pour les autres",
                example="payment_method",
            ),
            check=lambda argument: bool(argument.partition("|")[0].strip()),
        ),
        _t(
            "default",
            "Fill when empty",
            "Compléter si vide",
            "or “{argument}” when it is empty",
            "ou « {argument} » s’il est vide",
            _default,
            kinds_in=SIMPLE | {"tags"},
            kind_out="same",
            argument=_argument("Value", "Valeur"),
            check=lambda argument: argument != "",
        ),
        _t(
            "date_format",
            "Write a date",
            "Écrire une date",
            "written as {argument}",
            "écrit sous la forme {argument}",
            _date_format,
            kinds_in=frozenset({"date", "instant", "text"}),
            argument=_argument(
                "Form",
                "Forme",
                example="DD/MM/YYYY",
                required=False,
                pattern=_DATE_ARGUMENT.pattern.removesuffix(r"\Z"),
            ),
            check=lambda argument: not argument or bool(_DATE_ARGUMENT.match(argument)),
        ),
        _t(
            "number",
            "Read a number",
            "Lire un nombre",
            "read as a number",
            "lu comme un nombre",
            _number,
            kinds_in=frozenset({"text", "money", "number"}),
            kind_out="number",
            argument=_argument("fr, en or blank", "fr, en ou vide", required=False, pattern="fr|en|"),
            check=lambda argument: argument in ("", "fr", "en"),
        ),
        _t(
            "digits",
            "Digits only",
            "Chiffres seulement",
            "its digits only",
            "ses chiffres seulement",
            _on_text(lambda text, argument: re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))),
            kind_out="same",
        ),
        _t(
            "choose",
            "Choose by value",
            "Choisir selon la valeur",
            "chosen by its value: {argument}",
            "choisi selon sa valeur : {argument}",
            _choose,
            kinds_in=SIMPLE,
            kind_out="typed",
            argument=_argument(
                "value=result; value=result; *=for all others",
                "valeur=résultat; valeur=résultat; *=pour toute autre",
                example="true=1; false=0; *=0",
            ),
            check=lambda argument: bool(_choices(argument)),
        ),
        _t(
            "template",
            "Text with fields",
            "Texte avec champs",
            "the text “{argument}”",
            "le texte « {argument} »",
            _template,
            kinds_in=frozenset({"*"}),
            argument=_argument("Text", "Texte", example="{given_name} {family_name}"),
            sourceless=True,
            others=_template_fields,
            check=lambda argument: argument != "" and not set("{}") & set(_NAMED.sub("", argument)),
        ),
    )
)


def apply(rule: Rule, values: Values, maps: Maps, kind: str = "") -> Any:
    """Return what a rule makes of a record, as a value of the target's `kind`; NOT_TOLD where a field it needs is not.

    CannotMap when the rule has no output for this value: the record waits. KeyError: no such transform.
    """
    transform = REGISTRY[rule.transform]
    value: Any = None
    if rule.source:
        value = told(values, rule.source)
        if value is NOT_TOLD and not transform.sourceless:
            return NOT_TOLD
    elif not transform.sourceless:
        return NOT_TOLD
    if transform.function is _copy:
        return value
    if any(told(values, name) is NOT_TOLD for name in transform.others(rule.argument)):
        return NOT_TOLD
    return coerce(transform.function(value, rule.argument, values, maps), kind)


# -- checking -----------------------------------------------------------------------------------------------------

# Kind of the target -> kinds that may be written to it.
_FITS: Mapping[str, frozenset[str]] = {
    "text": SIMPLE | {"tags"},
    "email": frozenset({"email", "text"}),
    "phone": frozenset({"phone", "text"}),
    "choice": frozenset({"choice", "text"}),
    "money": frozenset({"money", "number"}),
    "number": frozenset({"number", "money"}),
    "date": frozenset({"date"}),
    "instant": frozenset({"instant"}),
    "tags": frozenset({"tags", "text", "choice"}),
}


def rule_field(entity: str, name: str) -> EntityField | None:
    """Return a field that a rule may name: the entity's own, or one an account's people made, which is text.

    None for others, and for what associated records tell: several of them have no one value.
    """
    if name.startswith(CUSTOM) and name != CUSTOM:
        label = name.removeprefix(CUSTOM)
        return EntityField(name, "text", Text(label, label))
    known = fields_of(entity)
    whole = known.get(name.partition(".")[0])
    return None if whole and whole.kind == "records" else known.get(name)


def check_rule(rule: Rule, entity_source: str, entity_target: str, writable: frozenset[str]) -> list[Problem]:
    """Return what is wrong with a rule: unknown fields or verb, a field nobody may write, kinds that do not fit."""
    problems = []
    transform = REGISTRY.get(rule.transform)
    source, target = rule_field(entity_source, rule.source), rule_field(entity_target, rule.target)
    if target is None:
        problems.append(Problem("target", "RULE-UNKNOWN-FIELD", {"field": rule.target}))
    elif rule.target not in writable:
        problems.append(Problem("target", "RULE-NOT-WRITABLE", {"field": rule.target}))
    if source is None and (rule.source or not (transform and transform.sourceless)):
        problems.append(Problem("source", "RULE-UNKNOWN-FIELD", {"field": rule.source}))
    if rule.when not in ("always", "create", "if_empty"):
        problems.append(Problem("when", "RULE-BAD-CHOICE", {"value": rule.when}))
    if rule.on_conflict not in ("source", "target", "ask"):
        problems.append(Problem("on_conflict", "RULE-BAD-CHOICE", {"value": rule.on_conflict}))
    if transform is None:
        return [*problems, Problem("transform", "RULE-UNKNOWN-TRANSFORM", {"transform": rule.transform})]
    return problems + _check_transform(rule, transform, entity_source, source, target)


def _check_transform(
    rule: Rule, transform: Transform, entity: str, source: EntityField | None, target: EntityField | None
) -> list[Problem]:
    problems = []
    if not transform.check(rule.argument):
        params = {"transform": rule.transform, "argument": rule.argument}
        problems.append(Problem("argument", "RULE-BAD-ARGUMENT", params))
    for name in transform.others(rule.argument):
        if rule_field(entity, name) is None:
            problems.append(Problem("argument", "RULE-UNKNOWN-FIELD", {"field": name}))
    if not problems and target and (source or transform.sourceless) and not _fits(rule, transform, source, target):
        params = {"source": rule.source, "target": rule.target, "transform": rule.transform}
        problems.append(Problem("transform", "RULE-KINDS-DIFFER", params))
    return problems


def _fits(rule: Rule, transform: Transform, source: EntityField | None, target: EntityField) -> bool:
    kind = source.kind if source else "text"
    if source and "*" not in transform.kinds_in and kind not in transform.kinds_in:
        return False
    if transform.kind_out == "typed":
        return _reads_as(rule, transform, target.kind)
    out = kind if transform.kind_out == "same" else transform.kind_out
    return out == target.kind or out in _FITS.get(target.kind, frozenset())


def _reads_as(rule: Rule, transform: Transform, kind: str) -> bool:
    """Tell whether every text the argument may give can be read as a value of `kind`."""
    if kind in WORDS or kind == "tags":
        return True
    if kind not in ("flag", "money", "number", "date"):
        return False
    given = [rule.argument] if transform.name == "constant" else list(_choices(rule.argument).values())
    return all(not isinstance(coerce(text, kind), str) for text in given if text)


# -- words --------------------------------------------------------------------------------------------------------

_SENTENCE = Text("{target} of {to} is {source} of {of}, {how}", "{target} de {to} reçoit {source} de {of}, {how}")
_SOURCELESS = Text("{target} of {to} is {how}", "{target} de {to} reçoit {how}")
_WHEN = {
    "always": Text("", ""),
    "create": Text(", only when the record is new", ", seulement quand la fiche est nouvelle"),
    "if_empty": Text(", only where it is empty", ", seulement là où il est vide"),
}
_CONFLICT = {
    "source": Text("If both sides changed it, {of} wins", "Si les deux côtés l’ont changé, {of} l’emporte"),
    "target": Text(
        "If both sides changed it, {to} keeps its own", "Si les deux côtés l’ont changé, {to} garde le sien"
    ),
    "ask": Text("If both sides changed it, a person decides", "Si les deux côtés l’ont changé, une personne décide"),
}


def rule_as_text(rule: Rule, entity: str, language: str, labels: Mapping[str, str]) -> str:
    """Return a rule as two plain sentences. `labels` name the two sides: {"left": …, "right": …}."""
    to, of = labels.get(rule.toward, rule.toward), labels.get(_other(rule.toward), _other(rule.toward))
    transform = REGISTRY.get(rule.transform)
    names = {"to": to, "of": of, "target": quoted(label_of(entity, rule.target, language), language)}
    how = (
        transform.words.say(language, argument=_argument_words(rule, transform, entity, language)) if transform else ""
    )
    if language.lower().startswith("fr"):
        how = how.replace("« ", "«\u00a0").replace(" »", "\u00a0»").replace(" :", "\u00a0:")
    if rule.source:
        names["source"] = quoted(label_of(entity, rule.source, language), language)
    start = (_SENTENCE if rule.source else _SOURCELESS).say(language, how=how or rule.transform, **names)
    when = _WHEN.get(rule.when, Text("", "")).say(language)
    return f"{start}{when}. {_CONFLICT[rule.on_conflict].say(language, to=to, of=of)}."


def _argument_words(rule: Rule, transform: Transform, entity: str, language: str) -> str:
    if transform.name == "join":
        return ", ".join(quoted(label_of(entity, name, language), language) for name in transform.others(rule.argument))
    if transform.name == "template":
        return _NAMED.sub(lambda found: "{" + label_of(entity, found[1], language) + "}", rule.argument)
    return rule.argument or {"date_format": "YYYY-MM-DD"}.get(transform.name, "")


def _other(side: str) -> str:
    return "left" if side == "right" else "right"
