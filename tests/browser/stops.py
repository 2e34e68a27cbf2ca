"""What must hold at every stop of a journey, whatever the page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import axe_playwright_python
from babel.messages.catalog import Catalog
from playwright.sync_api import Page

from tests.tools import translations

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

# Words no French sentence has; names of accounts, people and products may.
_ENGLISH = re.compile(
    r"\b(the|of|and|is|are|was|were|this|that|these|with|from|your|you|not|nothing|has|have|been|which|will|"
    r"what|who|when|why|how|its|by|for|to)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"%%|%(?:\((\w+)\))?[sd]|\{\w*\}")

# Every text a person can see or hear, but for data (translate="no") and what says it is in another language.
_TEXTS = """() => {
  const found = [];
  const other = (node) => node.closest('[translate="no"], [lang]:not(html):not([lang^="fr"]), script, style, noscript, template');
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!other(parent)) found.push(walker.currentNode.textContent);
  }
  for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'content'])
    for (const node of document.body.querySelectorAll(`[${name}]`)) if (!other(node)) found.push(node.getAttribute(name));
  found.push(document.title);
  return [...new Set(found.map((text) => text.replace(/\\s+/g, ' ').trim()).filter(Boolean))];
}"""


@cache
def french() -> Catalog:
    """The French catalogue, read once."""
    return translations.stored()


@dataclass(frozen=True, slots=True)
class Spoken:
    """The texts of code and templates in one language: those said as they are, and patterns of those with marks."""

    plain: frozenset[str]
    marked: tuple[re.Pattern[str], ...]

    def has(self, text: str) -> bool:
        """Tell whether a page's text is one of these."""
        return text in self.plain or any(pattern.fullmatch(text) for pattern in self.marked)


def _spoken(texts: Iterable[str]) -> Spoken:
    told = {re.sub(r"\s+", " ", text).strip() for text in texts if _says_something(text)}
    return Spoken(
        frozenset(text for text in told if not _MARK.search(text)),
        tuple(_pattern(text) for text in told if _MARK.search(text)),
    )


@cache
def known() -> tuple[Spoken, Spoken]:
    """All texts of code and templates in English, and what the catalogue has for them in French."""
    english: list[str] = []
    others: list[str] = []
    for message in translations.extracted():
        if not message.id:
            continue
        english += message.id if isinstance(message.id, tuple) else (message.id,)
        kept = french().get(message.id, message.context)
        if kept is not None and not kept.fuzzy:
            others += [text for text in (kept.string if isinstance(kept.string, tuple) else (kept.string,)) if text]
    return _spoken(english), _spoken(others)


def _says_something(text: str) -> bool:
    """A text that is more than marks, signs and a short word such as "of", which says little on its own."""
    return len(re.sub(r"[\W\d_]", "", _MARK.sub("", text))) > 2


def _pattern(words: str) -> re.Pattern[str]:
    parts, at = [], 0
    for mark in _MARK.finditer(words):
        parts += [re.escape(words[at : mark.start()]), "%" if mark.group() == "%%" else ".+"]
        at = mark.end()
    return re.compile("".join(parts) + re.escape(words[at:]))


def english_in_french(page: Page) -> list[str]:
    """Return texts of a French page that are English: texts of ours not said in French, and sentences nobody marked."""
    ours, theirs = known()
    texts = page.evaluate(_TEXTS)
    found = [text for text in texts if ours.has(text) and not theirs.has(text)]
    return found + [text for text in texts if text not in found and len(set(_ENGLISH.findall(text.lower()))) > 1]


def axe_findings(page: Page) -> list[str]:
    """Return what axe finds serious or critical, each with the first elements it is about."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations'], preload: false}).then(result => result.violations)",
        TAGS,
    )
    return [
        f"{item['id']} ({item['impact']}): {item['help']}: {[node['html'][:160] for node in item['nodes'][:3]]}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


def wider_than_the_screen(page: Page) -> list[str]:
    """Return the widths at which the page scrolls sideways, with what sticks out."""
    found = []
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        told = page.evaluate(
            """() => {
              const wide = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= wide) return null;
              const clipped = (node) => { for (let box = node.parentElement; box && box !== document.body; box = box.parentElement)
                if (getComputedStyle(box).overflowX !== 'visible') return true; return false; };
              const out = [...document.body.querySelectorAll('*')].filter((node) => node.getBoundingClientRect().right > wide + 1 && !clipped(node));
              return `${document.documentElement.scrollWidth}: ` + out.slice(-3).map((node) => node.outerHTML.slice(0, 120)).join(' | ');
            }"""
        )
        if told:
            found.append(f"at {size['width']} px it is {told}")
    return found
