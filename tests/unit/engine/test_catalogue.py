"""The catalogue: every code explained in both languages, in plain words, without a vendor's name."""

import ast
import re
from pathlib import Path

import pytest

from bridge.engine import catalogue
from bridge.engine.catalogue import ENGINE_CATALOGUE, REASONS, french

ENGINE = Path(catalogue.__file__).parent
TEXTS = [(f"{item.code} {name}", getattr(item, name)) for item in ENGINE_CATALOGUE for name in ("what", "why", "cure")]
TEXTS += [(code, text) for code, text in REASONS.items()]
VENDORS = ("quickbooks", "mailchimp", "hubspot", "shopmonkey", "highlevel", "crococlick", "magento", "intuit")


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_each_sentence_is_whole_in_both_languages(name, text):
    assert text.en.strip() and text.fr.strip()
    assert text.en != text.fr
    assert set(re.findall(r"\{(\w+)\}", text.en)) == set(re.findall(r"\{(\w+)\}", text.fr))
    assert not any(vendor in f"{text.en} {text.fr}".lower() for vendor in VENDORS)


@pytest.mark.parametrize(("name", "text"), TEXTS, ids=[name for name, _ in TEXTS])
def test_french_is_set_as_french_is_set(name, text):
    assert not re.search(r"[^\u00a0][:;?!»]", text.fr)
    assert not re.search(r"«[^\u00a0]", text.fr)
    assert "'" not in text.fr and '"' not in text.fr and "“" not in text.fr
    assert "'" not in text.en and '"' not in text.en


def test_no_break_spaces_are_put_where_they_belong():
    assert french("« a » : b ; c ? d ! 5 %") == "«\u00a0a\u00a0»\u00a0: b\u00a0; c\u00a0? d\u00a0! 5\u00a0%"


def test_codes_are_there_once_and_in_one_style():
    codes = [item.code for item in ENGINE_CATALOGUE]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[A-Z]+(-[A-Z]+)*", code) for code in codes)
    assert {item.who for item in ENGINE_CATALOGUE} <= {"staff", "client", "support"}


def test_every_code_the_engine_writes_is_explained():
    written = set()
    for path in set(ENGINE.rglob("*.py")) - {ENGINE / "catalogue.py"}:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and re.fullmatch(r"[A-Z]{2,}(-[A-Z]+)+", node.value)
            ):
                written.add(node.value)
    assert len(written) > 40
    assert written - {"YYYY-MM-DD"} <= {item.code for item in ENGINE_CATALOGUE}


def test_the_engine_is_pure_and_names_no_vendor():
    allowed = ("bridge.engine", "connectors.contract")
    forbidden = {"random", "time", "os", "socket", "threading", "subprocess", "requests", "django", "pathlib", "uuid"}
    for path in ENGINE.rglob("*.py"):
        source = path.read_text()
        assert not any(vendor in source.lower() for vendor in VENDORS), path
        assert ".now(" not in source and ".today(" not in source, path
        for node in ast.walk(ast.parse(source)):
            names = (
                [item.name for item in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert name.split(".")[0] not in forbidden, (path, name)
                assert not name.startswith(("bridge", "connectors")) or name.startswith(allowed), (path, name)
