"""The client's voice: states, reasons and names in plain words. No code, no vendor's error, no word of our trade.

The catalogue speaks to staff; here the same codes speak to the person whose books these are. A code without words of
its own gets those of its catalogue entry where these are plain, else one of three general sentences.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bridge import registry
from bridge.hub.formats import language, money, number
from bridge.hub.models import Change, Connection, Integration
from connectors.contract import ENTITY_LABELS, SyncError, Text

YOU, OFFICE, NOBODY = "you", "office", "nobody"
WHO = {YOU: _("You"), OFFICE: _("Your office contact"), NOBODY: _("Nobody: it goes on by itself")}

_OWN_WORDS = {
    "ITEM-UNMAPPED": Text("A product on it is not known in the books yet.",
                          "Un produit qui y figure n’est pas encore connu dans les livres."),
    "TAX-UNMAPPED": Text("It is not decided yet how one of its taxes is recorded.",
                         "On n’a pas encore décidé comment inscrire une de ses taxes."),
    "VALUE-NOT-MAPPED": Text("It is not decided yet where “{value}” belongs in the books.",
                             "On n’a pas encore décidé où va « {value} » dans les livres."),
    "CONFLICT": Text("Both sides were changed at the same place; somebody decides which one holds.",
                     "Les deux côtés ont été modifiés au même endroit ; quelqu’un décide lequel vaut."),
    "HELD-BY-PERSON": Text("{who} set it aside.", "{who} l’a mis de côté."),
    "EXCLUDED-BY-PERSON": Text("Somebody decided that it stays out.", "Quelqu’un a décidé qu’il reste de côté."),
    "FILTERED": Text("It is left out by what was agreed with you.",
                     "Il est laissé de côté selon ce qui a été convenu avec vous."),
    "BEFORE-START": Text("It is dated {date}, before the agreed start on {start}.",
                         "Il date du {date}, avant le début convenu du {start}."),
    "BOOKS-CLOSED": Text("It is dated {date}, and the books are closed until {closed}.",
                         "Il date du {date}, et les livres sont fermés jusqu’au {closed}."),
    "PARENT-HELD": Text("It waits for something it names, such as its customer, which waits itself.",
                        "Il attend quelque chose qu’il nomme, comme son client, qui attend aussi."),
    "PARENT-MISSING": Text("It waits for something it names, such as its customer.",
                           "Il attend quelque chose qu’il nomme, comme son client."),
    "PARENT-LEFT-OUT": Text("Something it names, such as its customer, is left out.",
                            "Quelque chose qu’il nomme, comme son client, est laissé de côté."),
}  # fmt: skip
_GENERAL = {
    "staff": Text("Something about it must be settled first; the office is on it.",
                  "Il faut d’abord y régler quelque chose ; le bureau s’en occupe."),
    "client": Text("Something about it is missing or not quite right.",
                   "Il y manque quelque chose, ou quelque chose n’y est pas tout à fait juste."),
    "support": Text("Something technical is in the way; the office is looking into it. Nothing is lost.",
                    "Un détail technique bloque ; le bureau l’examine. Rien n’est perdu."),
}  # fmt: skip
# Marks a vendor's own words would fill, and words of the trade: such a sentence is not for clients.
_RAW = re.compile(
    r"\{(said|detail|vendor_code|scopes|status|property|field|id|ids|existing|asked|hosts?|environment)\}"
)
_TRADE = re.compile(
    r"\b(api|webhook|oauth|token|payload|json|http|url|scope|batch|endpoint|sync|run|flow|mapping|value map|"
    r"property|propert(y|ies)|client id|code|the vendor|vendor app|request|synchronisation|flux|fournisseur|jeton|"
    r"correspondances?|identifiant|requête|workflow)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Told:
    """A reason in plain words, and who acts: "you", "office" or "nobody"."""

    words: str
    cure: str = ""
    who: str = OFFICE

    @property
    def who_words(self) -> str:
        return str(WHO[self.who])


def say(text: Text | Mapping[str, Any] | None, values: Mapping[str, Any] | None = None) -> str:
    """Return a text in the reader's language, marks filled; a mark nothing fills becomes an ellipsis."""
    if text is None:
        return ""
    if not isinstance(text, Text):
        text = Text(str(text["en"]), str(text["fr"]))
    told = {key: _fill(value) for key, value in (values or {}).items() if key not in ("self", "language")}
    return _MARK.sub("…", text.say(language(), **told)).replace("….", "…")


def _fill(value: Any) -> str:
    if isinstance(value, Text) or (isinstance(value, Mapping) and {"en", "fr"} <= set(value)):
        return say(value)
    if isinstance(value, Mapping):
        return ", ".join(_fill(item) for item in value.values())
    if isinstance(value, list | tuple):
        return ", ".join(_fill(item) for item in value)
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return number(value)
    return "…" if value is None else str(value)


def plain(text: Text) -> bool:
    """Tell whether a sentence of the catalogue may be shown to a client as it is."""
    return not any(_RAW.search(words) or _TRADE.search(words) for words in (text.en, text.fr))


def reason(code: str, params: Mapping[str, Any] | None = None) -> Told | None:
    """Return why something waits or stays out, in plain words; None for no code."""
    entry = registry.catalogue().get(code)
    if code in _OWN_WORDS:
        return Told(say(_OWN_WORDS[code], params), who=YOU if entry and entry.who == "client" else OFFICE)
    if entry is None:
        return None
    if entry.who == "support":
        return Told(say(_GENERAL["support"]))
    words = say(entry.what, params) if plain(entry.what) else say(_GENERAL[entry.who])
    if entry.who != "client":
        return Told(words)
    return Told(words, say(entry.cure, params) if plain(entry.cure) else "", YOU)


def refused(error: SyncError) -> str:
    """Return why a wish of the client was not carried out."""
    entry = registry.catalogue().get(error.code)
    parts = [text for text in (entry.what, entry.cure) if plain(text)] if entry and entry.who != "support" else []
    if not parts:
        return gettext("This could not be done now. Try again in a few minutes, or tell your office contact.")
    return " ".join(say(text, error.params) for text in parts)


@dataclass(frozen=True, slots=True)
class Over:
    """That a question no longer stands, why, and what to do, in plain words."""

    what: str
    why: str
    cure: str


def over(code: str, params: Mapping[str, Any] | None = None) -> Over | None:
    """Return the words for a question that no longer stands; None for no code."""
    entry = registry.catalogue().get(code)
    return Over(say(entry.what, params), say(entry.why, params), say(entry.cure, params)) if entry else None


# States


@dataclass(frozen=True, slots=True)
class Look:
    """A state in words, with tone and drawing."""

    words: str
    tone: str
    icon: str


_STATES = {
    Change.State.DONE: (_("Sent"), "ok", "check"),
    Change.State.READY: (_("On its way"), "info", "clock"),
    Change.State.SENDING: (_("On its way"), "info", "send"),
    Change.State.UNKNOWN: (_("Being checked"), "warn", "question"),
    Change.State.PLANNED: (_("Waiting"), "warn", "clock"),
    Change.State.HELD: (_("Waiting"), "warn", "pause"),
    Change.State.REJECTED: (_("Not sent"), "bad", "cross"),
    Change.State.SKIPPED: (_("Left out"), "quiet", "skip"),
    Change.State.UNDONE: (_("Undone"), "quiet", "undo"),
}


def state(change: Change) -> Look:
    """Return the state of what moved."""
    words, tone, icon = _STATES.get(Change.State(change.state), (_("Waiting"), "warn", "clock"))
    return Look(str(words), tone, icon)


def why(change: Change) -> Told | None:
    """Return why something did not move yet, or what is being done about it; None where it moved."""
    if change.state == Change.State.UNKNOWN:
        words = gettext("We are not sure this was recorded; we are checking before trying again.")
        return Told(words, who=NOBODY)
    if change.state == Change.State.PLANNED:
        return Told(gettext("The office looks at it before it is sent."))
    if change.state in (Change.State.HELD, Change.State.REJECTED, Change.State.SKIPPED):
        told = reason(change.reason, change.error_params if change.error_code else change.params)
        return told or Told(say(_GENERAL["staff"]))
    return None


_CONNECTIONS = {
    Connection.State.NEW: (_("Not connected yet"), "warn", "question"),
    Connection.State.CONNECTED: (_("Connected"), "ok", "check"),
    Connection.State.ATTENTION: (_("Reconnect needed"), "bad", "alert"),
    Connection.State.PAUSED: (_("Paused by the office"), "warn", "pause"),
    Connection.State.DISCONNECTED: (_("Disconnected"), "quiet", "minus"),
}


def connection_state(connection: Connection) -> Look:
    """Return how an account stands."""
    words, tone, icon = _CONNECTIONS[Connection.State(connection.state)]
    return Look(str(words), tone, icon)


# Differences

CAUSES = {
    "missing": _("Not yet in %(account)s"),
    "extra": _("Only in %(account)s"),
    "doubled": _("Twice in %(account)s"),
    "amount": _("The amount differs"),
    "date": _("The date differs"),
    "tax": _("The tax differs"),
    "kind": _("The kind of document differs"),
    "refund": _("A refund is missing or differs"),
}


def difference(kind: str, account: str) -> str:
    """Return what differs; `account` is the system documents go to."""
    words = str(CAUSES.get(kind, kind))
    return words % {"account": account} if "%(" in words else words


# Names


def kind(entity: str) -> str:
    """Return what people call a kind of thing."""
    return say(ENTITY_LABELS[entity]) if entity in ENTITY_LABELS else entity


def system(connection: Connection | None) -> str:
    """Return the name of the system an account lives in."""
    known = registry.connectors().get(connection.vendor) if connection else None
    return say(known.label) if known else ""


def account(connection: Connection | None) -> str:
    """Return an account by its own name, with the system's."""
    if connection is None:
        return ""
    name = system(connection)
    return f"{connection.account_name} ({name})" if connection.account_name else name


def pair(integration: Integration) -> str:
    """Return what an integration joins."""
    known = registry.recipes().get(integration.recipe)
    return say(known.label) if known else integration.recipe


def moves(integration: Integration) -> list[str]:
    """Return what moves between two accounts, one sentence for each kind that is on."""
    recipe = registry.recipe(integration.recipe)
    on = {flow.entity for flow in integration.flows.all() if flow.is_on}
    return [say(flow.sentence) for flow in recipe.flows if flow.entity in on and flow.sentence]


def amounts(found: Mapping[str, Decimal] | list[tuple[Decimal, str]]) -> str:
    """Return amounts of several currencies as one text."""
    pairs = [(amount, currency) for currency, amount in found.items()] if isinstance(found, Mapping) else list(found)
    return " + ".join(money(amount, currency) for amount, currency in pairs)
