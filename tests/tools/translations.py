"""Every string in both languages: fails on one that is missing, fuzzy, or not in the catalogue files yet."""

import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
METHODS = [("bridge/**.py", "python"), ("templates/**.html", "tests.tools.translations:template"),
           ("templates/**.txt", "tests.tools.translations:template")]  # fmt: skip
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}  # fmt: skip


def template(fileobj, keywords, comment_tags, options):
    """Extract from a Django template by Django's own translation of it to Python."""
    from io import BytesIO

    from babel.messages.extract import extract_python
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    source = templatize(fileobj.read().decode("utf-8"), origin=str(getattr(fileobj, "name", "")))
    yield from extract_python(BytesIO(source.encode("utf-8")), keywords, comment_tags, options)


def extracted() -> Catalog:
    """Return every string of code and templates."""
    catalog = Catalog(charset="utf-8")
    keywords = {**KEYWORDS, "gettext_noop": None}
    for name, line, message, comments, context in extract_from_dir(
        str(ROOT), method_map=METHODS, options_map={}, keywords=keywords,
        directory_filter=lambda path: any(
            part in ("bridge", "templates") for part in Path(path).relative_to(ROOT).parts
        ) and "migrations" not in path,
    ):  # fmt: skip
        catalog.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalog


def stored() -> Catalog:
    """Return the French catalogue."""
    if not FILE.exists():
        return Catalog(locale="fr")
    with FILE.open("rb") as file:
        return read_po(file, locale="fr")


def problems() -> list[str]:
    """Return what is missing, fuzzy or stale."""
    have, found = stored(), []
    for message in extracted():
        if not message.id:
            continue
        kept = have.get(message.id, message.context)
        text = message.id if isinstance(message.id, str) else message.id[0]
        if kept is None:
            found.append(f"not in the file: {text!r}")
        elif kept.fuzzy:
            found.append(f"fuzzy: {text!r}")
        elif not (all(kept.string) if isinstance(kept.string, tuple) else kept.string):
            found.append(f"no French: {text!r}")
        else:
            # Python placeholders must be the same on both sides.
            found += [f"placeholders: {text!r} {error}" for error in kept.check(have)]
    return found


def update() -> int:
    """Bring the file up to date with the code: new strings come in empty, gone ones go. Returns how many are empty."""
    have, now = stored(), extracted()
    fresh = Catalog(
        locale="fr", project="Bridge", version="", charset="utf-8", fuzzy=False, header_comment="# French of Bridge.",
        creation_date=have.creation_date, revision_date=have.creation_date, last_translator="", language_team="",
        msgid_bugs_address="",
    )  # fmt: skip
    empty = 0
    for message in sorted((item for item in now if item.id), key=lambda item: str(item.id)):
        kept = have.get(message.id, message.context)
        string = kept.string if kept is not None and not kept.fuzzy else None
        python = any(flag == "python-format" for flag in message.flags)
        fresh.add(message.id, string, context=message.context, flags={"python-format"} if python else ())
        empty += not string or (isinstance(string, tuple) and not all(string))
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("wb") as file:
        write_po(file, fresh, width=120, omit_header=False, sort_output=True, no_location=True)
    return empty


def compiled_matches() -> bool:
    """Tell whether the compiled file says what the text file says."""
    mo = FILE.with_suffix(".mo")
    if not mo.exists():
        return False
    with tempfile.TemporaryFile() as file:
        write_mo(file, stored())
        file.seek(0)
        return file.read() == mo.read_bytes()


def compile_() -> None:
    """Write the compiled file."""
    with FILE.with_suffix(".mo").open("wb") as file:
        write_mo(file, stored())


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if "--update" in sys.argv:
        print(f"{update()} strings without French")
        compile_()
        sys.exit(0)
    wrong = problems()
    if not wrong and not compiled_matches():
        wrong = ["the compiled file is older than the text: make messages"]
    print("\n".join(wrong[:200]) or "every string is in both languages")
    sys.exit(bool(wrong))
