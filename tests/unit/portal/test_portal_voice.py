"""The client's voice: plain words for every code there is, in both languages."""

import re

import pytest
from django.utils.translation import override

from bridge import registry
from bridge.hub import voice
from connectors.contract import SettingInvalid

# Words of our trade and of the vendors' machines that no client should have to know.
TRADE = re.compile(
    r"\b(api|webhooks?|oauth|tokens?|payload|json|url|scopes?|batch|endpoint|value map|workflow|"
    r"(error|code) \w*\d{3,}|null|traceback|exception|"
    r"synchronisations?|flux|fournisseurs?|jetons?|correspondances?|requêtes?)\b",
    re.IGNORECASE,
)
MARK = re.compile(r"\{\w*\}")
RAW = "<raw words of a vendor, SQLSTATE 23505>"
CODES = sorted(registry.catalogue())


def params(code):
    """Something of every shape for each mark of a code; raw vendor words where a vendor's words would stand."""
    entry = registry.catalogue()[code]
    marks = set(re.findall(r"\{(\w+)\}", " ".join((entry.what.en, entry.why.en, entry.cure.en))))
    shapes = ["Jane", 12, None, ["a", {"id": "7"}], {"ref": "contact", "id": "7"}, {"en": "tax", "fr": "taxe"}]
    told = {name: shapes[place % len(shapes)] for place, name in enumerate(sorted(marks))}
    return {**told, **{name: RAW for name in ("said", "detail", "vendor_code", "scopes", "status") if name in marks}}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_code_of_the_catalogue_is_told_in_plain_words(language):
    wrong = []
    with override(language):
        for code in CODES:
            told = voice.reason(code, params(code))
            words = f"{told.words} {told.cure} {voice.refused(SettingInvalid(code, params=params(code)))}"
            if not told.words or TRADE.search(words) or MARK.search(words) or RAW in words or code in words:
                wrong.append(f"{code}: {words}")
    assert not wrong, "\n".join(wrong)


def test_what_the_client_can_mend_says_so_and_the_rest_is_the_offices():
    assert voice.reason("CONTACT-NO-EMAIL").who == voice.YOU and voice.reason("CONTACT-NO-EMAIL").cure
    assert voice.reason("TAX-UNMAPPED").who == voice.OFFICE
    assert voice.reason("ANSWER-SHAPE").words.startswith("Something technical")
    assert voice.reason("no such code") is None


def test_own_words_are_kept_only_for_codes_that_exist():
    assert set(voice._OWN_WORDS) <= set(CODES)


def test_amounts_and_dates_follow_the_reader():
    with override("fr"):
        assert voice.amounts({"CAD": 1234.5}) == "1\xa0234,50\xa0$"
    with override("en"):
        assert voice.amounts({"CAD": 1234.5}) == "$1,234.50"
