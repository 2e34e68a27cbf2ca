"""The French of Bridge: one word per idea, as docs/glossary.md says, and the typography of Québec."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge import registry
from connectors.contract import Text, entities
from tests.tools import translations

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
# Phrases in which a word of the glossary is something else.
ASIDE = re.compile(
    r"run out|runs out|never run|run a one-time|run “manage|runs? by itself|it runs|runs only|runs again|on record|any record of"
    r"|nothing flows|billed by contacts|(out of|in) order|action to run",
    re.IGNORECASE,
)


def table(title: str) -> list[tuple[list[str], list[str]]]:
    """Return the terms of one table: the English forms and the French ones."""
    body = GLOSSARY.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("| ")][1:]
    return [
        ([form.strip() for form in row[0].split(" / ")], [form.strip() for form in row[1].split(" / ")]) for row in rows
    ]


def french() -> Iterator[tuple[str, str]]:
    """Every English string with its French; plural forms one by one."""
    for message in translations.stored():
        if not message.id:
            continue
        if isinstance(message.id, str):
            yield message.id, str(message.string)
        else:
            yield from zip(message.id, message.string, strict=True)


def has(words: str, form: str) -> bool:
    """Tell whether a word or expression stands in a text, whatever its case."""
    return re.search(rf"(?<![\w-]){re.escape(form)}(?![\w-])", words, re.IGNORECASE) is not None


def readable(words: str) -> str:
    """Return what a person reads: without marks to fill in and without tags."""
    return re.sub(r"%\(\w+\)[a-z]|\{\w*\}|<[^>]+>", "x", words)


def texts(found: Any) -> Iterator[Text]:
    """Every two-language text inside connectors, recipes and catalogues."""
    if isinstance(found, Text):
        yield found
    elif dataclasses.is_dataclass(found) and not isinstance(found, type):
        for field in dataclasses.fields(found):
            yield from texts(getattr(found, field.name))
    elif isinstance(found, Mapping):
        for item in found.values():
            yield from texts(item)
    elif isinstance(found, list | tuple | set | frozenset):
        for item in found:
            yield from texts(item)


def test_the_glossary_names_at_least_forty_terms() -> None:
    terms = {
        form for title in ("Everywhere", "Label", "Words of the trade") for forms, _ in table(title) for form in forms
    }
    assert len(terms) >= 40


@pytest.mark.parametrize(("forms", "words"), table("Everywhere"), ids=lambda value: value[0])
def test_a_term_has_its_french_wherever_it_stands(forms: list[str], words: list[str]) -> None:
    wrong = [
        f"{english!r} is {said!r}"
        for english, said in french()
        if any(has(ASIDE.sub("", readable(english)), form) for form in forms)
        and not any(has(readable(said), word) for word in words)
    ]
    assert wrong == []


def test_a_label_is_exactly_its_french() -> None:
    labels = {form: words[0] for forms, words in table("Label") for form in forms}
    said = {english: words for english, words in french() if english in labels}
    assert said == {english: labels[english] for english in said}
    assert len(said) > 40


@pytest.mark.parametrize(("forms", "words"), table("Words of the trade"), ids=lambda value: value[0])
def test_the_words_of_the_trade_are_the_ones_of_québec(forms: list[str], words: list[str]) -> None:
    everything = [
        *texts(registry.connectors()), *texts(registry.recipes()), *texts(registry.catalogue()),
        *(item for part in vars(entities).values() for item in texts(part)),
    ]  # fmt: skip
    for form, word in zip(forms, words, strict=True):
        plural = re.compile(rf"(?<![\w-]){form}(s|es)?(?![\w-])", re.IGNORECASE)
        stem = re.compile(r"s?\s".join(re.escape(part) for part in word.split()) + "s?", re.IGNORECASE)
        wrong = [
            f"{text.en!r} is {text.fr!r}"
            for text in everything
            if plural.search(ASIDE.sub("", text.en)) and not stem.search(text.fr)
        ]
        assert wrong == []


def test_a_run_is_called_by_its_word_in_what_connectors_and_catalogues_say() -> None:
    everything = [*texts(registry.connectors()), *texts(registry.recipes()), *texts(registry.catalogue())]
    about = [text for text in everything if has(ASIDE.sub("", readable(text.en)), "run")]
    assert len(about) > 50
    assert [text.fr for text in about if re.search(r"\b(passage|passe|exécution)s?\b", text.fr, re.IGNORECASE)] == []


def test_nobody_is_sent_an_e_mail_nor_asked_to_log_in() -> None:
    banned = (
        "e-mail",
        "e-mails",
        "email",
        "mail",
        "spam",
        "login",
        "exécution",
        "scanner",
        "digitale",
        "tu",
        "ton",
        "tes",
    )
    wrong = [f"{said!r}: {word}" for _, said in french() for word in banned if has(readable(said), word)]
    assert wrong == []


def test_french_punctuation_has_its_no_break_spaces() -> None:
    wrong = []
    for _, said in french():
        words = readable(said)
        wrong += [f"{said!r}: {found.group()!r}" for found in re.finditer(r"[^\u00a0\s][?!;»](?=\s|$)", words)]
        wrong += [
            f"{said!r}: {found.group()!r}" for found in re.finditer(r"(?<!https)(?<!http)[^\u00a0]:(?=\s|$)", words)
        ]
        wrong += [f"{said!r}: {found.group()!r}" for found in re.finditer(r" [:;?!»%$]|«[^\u00a0]|\d \d{3}\b", words)]
    assert wrong == []


def test_french_has_its_own_apostrophe_quotes_and_dots() -> None:
    wrong = [said for _, said in french() if re.search(r"\w'|'\w|[“”\"]|\.\.\.", re.sub(r"<[^>]+>", "", said))]
    assert wrong == []


def test_capitals_keep_their_accents() -> None:
    bare = re.compile(r"\b(Etat|Etape|Ecart|Ecriture|Evenement|Echec|Etiquette|Etes|A (?=\w+er\b|regler|venir))")
    assert [said for _, said in french() if bare.search(said)] == []


def test_a_string_begins_and_ends_as_its_english_does() -> None:
    """A label begins with a capital where the English does, and a sentence ends with the same mark."""
    wrong = []
    for english, said in french():
        last = english.rstrip().replace("...", "…")[-1:]
        if last in ".:?!…" and said.rstrip()[-1:] not in (last, "," if last == "!" else last):
            wrong.append(f"{english!r} is {said!r}")
        first, other = english.lstrip()[:1], said.lstrip()[:1]
        if first.isalpha() and other.isalpha() and first.isupper() != other.isupper():
            wrong.append(f"{english!r} is {said!r}")
    assert wrong == []


def test_zero_is_singular_in_french() -> None:
    catalogue = translations.stored()
    assert catalogue.num_plurals == 2
    assert catalogue.plural_expr.strip("()") == "n > 1"


def test_tags_are_the_same_in_both_languages() -> None:
    tags = re.compile(r"</?\w[^>]*>")
    assert [said for english, said in french() if sorted(tags.findall(english)) != sorted(tags.findall(said))] == []
