"""QuickBooks Online with Mailchimp: customers become contacts, invoices and sales receipts become orders.

One way only, from the books. Nobody is ever subscribed again: whoever left, bounced or was archived over there is left
alone, and a new contact gets the status chosen at setup or a lower one.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Check,
    Disconnect,
    Excluded,
    FilterPreset,
    Finding,
    Recipe,
    RecipeFlow,
    RuleSpec,
    Setting,
)
from connectors.contract.money import lines_add_up, lines_total
from connectors.contract.normal import normal_email, split_emails
from connectors.mailchimp.members import merge_tags_of
from connectors.recipes.quickbooks_mailchimp_texts import CATALOGUE, HELP, NEXT_STEPS
from connectors.recipes.readiness import finding, side
from connectors.recipes.words import text

Given = Mapping[str, Any]
Settings = Mapping[str, str]
Reason = Mapping[str, object] | None

# Canada's rule for consent implied by a purchase: two years.
IMPLIED_FOR = timedelta(days=730)
_CENT = Decimal("0.01")


# Settings

_CONSENT_NEEDS = ("status_if_new", "subscribed")

SETTINGS = (
    Setting(
        key="audience",
        label=text("Audience", "Audience"),
        kind="choice",
        help=text(
            "Customers and their orders go to this audience and to no other. To change it later, disconnect and "
            "connect again.",
            "Les clients et leurs commandes vont dans cette audience et dans aucune autre. Pour la changer plus tard, "
            "déconnectez puis reconnectez.",
        ),
        choices_from="audiences",
        side="right",
    ),
    Setting(
        key="status_if_new",
        label=text("Status of new contacts", "État des nouveaux contacts"),
        kind="choice",
        help=text(
            "Subscribed: the person agreed to receive marketing, and you can show it. Non-subscribed: a known customer "
            "who did not opt in; no campaign reaches them. Contacts already in the audience keep their status. Both "
            "kinds count toward the limit of the Mailchimp plan and can raise its bill.",
            "Abonné : la personne a accepté de recevoir du marketing et vous pouvez le démontrer. Non abonné : un "
            "client connu qui n’a pas donné son accord ; aucune campagne ne le rejoint. Les contacts déjà dans "
            "l’audience gardent leur état. Les deux comptent dans la limite du forfait Mailchimp et peuvent en "
            "augmenter la facture.",
        ),
        choices=(
            ("subscribed", text("Subscribed: agreed to marketing", "Abonné : a accepté le marketing")),
            ("transactional", text("Non-subscribed: did not opt in", "Non abonné : n’a pas donné son accord")),
        ),
    ),
    Setting(
        key="consent_basis",
        label=text("Basis of the consent", "Fondement du consentement"),
        kind="choice",
        help=text(
            "Why these people may be sent marketing. It is kept with the date and your name.",
            "Pourquoi ces personnes peuvent recevoir du marketing. Le motif est conservé avec la date et votre nom.",
        ),
        choices=(
            ("express", text("Express: they said yes", "Exprès : elles ont dit oui")),
            (
                "implied",
                text(
                    "Implied by a purchase in the last two years",
                    "Tacite, par un achat des deux dernières années",
                ),
            ),
            ("other", text("Other, described below", "Autre, décrit ci-dessous")),
        ),
        needs=_CONSENT_NEEDS,
    ),
    Setting(
        key="consent_note",
        label=text("How the consent was obtained", "Comment le consentement a été obtenu"),
        help=text(
            "For example: box ticked on the order form since 2024.",
            "Par exemple : case cochée sur le bon de commande depuis 2024.",
        ),
        needs=_CONSENT_NEEDS,
    ),
    Setting(
        key="consent_date",
        label=text("Date of the consent", "Date du consentement"),
        kind="date",
        help=text(
            "The earliest date of these consents. Implied consent ends two years after the purchase.",
            "La plus ancienne date de ces consentements. Le consentement tacite prend fin deux ans après l’achat.",
        ),
        needs=_CONSENT_NEEDS,
    ),
    Setting(
        key="tag",
        label=text("Tag of new contacts", "Étiquette des nouveaux contacts"),
        help=text(
            "Put on contacts that Bridge adds, so that they can be found again. Tags people set stay.",
            "Posée sur les contacts que Bridge ajoute, pour les retrouver. Les étiquettes posées par des personnes "
            "restent.",
        ),
        default="QuickBooks Online",
        pattern=r".{1,100}",
    ),
    Setting(
        key="shared_email",
        label=text("Customers with the same e-mail", "Clients ayant le même courriel"),
        kind="choice",
        help=text(
            "An audience has one contact per address. Hold: the second customer waits for a person. Share: both stand "
            "for one contact, and the orders of both go under it.",
            "Une audience a un seul contact par adresse. Retenir : le deuxième client attend une personne. Partager : "
            "les deux correspondent au même contact, qui reçoit les commandes des deux.",
        ),
        default="hold",
        choices=(
            ("hold", text("Hold the second one", "Retenir le deuxième")),
            ("share", text("Share one contact", "Partager un contact")),
        ),
    ),
    Setting(
        key="company_field",
        label=text("Field for the company name", "Champ pour le nom d’entreprise"),
        kind="choice",
        help=text(
            "A text field of the audience. Without a choice, COMPANY is used where the audience has it.",
            "Un champ de texte de l’audience. Sans choix, COMPANY est utilisé si l’audience l’a.",
        ),
        required=False,
        choices_from="merge_fields",
        side="right",
    ),
    Setting(
        key="foreign_currency",
        label=text("Sales in another currency", "Ventes dans une autre devise"),
        kind="choice",
        help=text(
            "The store has the company’s currency. Mailchimp may mix currencies in its reports.",
            "La boutique a la devise de l’entreprise. Mailchimp peut mêler les devises dans ses rapports.",
        ),
        default="hold",
        choices=(
            ("hold", text("Hold them", "Les retenir")),
            ("send", text("Send them as they are", "Les envoyer telles quelles")),
        ),
    ),
)


def context(settings: Settings, left: Given, right: Given) -> Mapping[str, str]:
    """What paths and bodies need beyond settings: the store of this company and audience, its currency and country."""
    realm, audience = str(left.get("account_id") or ""), str(settings.get("audience") or "")
    found = {
        "store": f"qbo-{realm}-{audience}".lower() if realm and audience else "",
        "platform": "QuickBooks Online",
        "currency": str(left.get("currency") or ""),
        "country": str(left.get("country") or ""),
        "language": str(left.get("language") or ""),
        "merge_tags": _merge_tags(settings, right),
    }
    return {key: value for key, value in found.items() if value}


def _merge_tags(settings: Settings, right: Given) -> str:
    """The audience's fields, from what the account told about them: a list, or lists by audience."""
    told = right.get("merge_fields")
    if isinstance(told, Mapping):
        told = told.get(settings.get("audience", ""))
    if told:
        return merge_tags_of(told)
    return str(settings.get("merge_tags") or right.get("merge_tags") or "")


# Who does not go. Tests get canonical values of the source, of the target where it is there, and the settings.


def _no_email(source: Given, target: Given | None, settings: Settings) -> Reason:
    return None if str(source.get("email") or "").strip() else {}


def _several_emails(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {"email": str(source["email"])} if len(split_emails(str(source["email"]))) > 1 else None


def _invalid_email(source: Given, target: Given | None, settings: Settings) -> Reason:
    return None if normal_email(str(source["email"])) else {"email": str(source["email"])}


_MADE_UP = frozenset(
    {
        "aaa",
        "abc",
        "asdf",
        "aucun",
        "fake",
        "inconnu",
        "na",
        "no",
        "noemail",
        "non",
        "none",
        "noreply",
        "test",
        "unknown",
        "xxx",
    }
)


def _made_up_email(source: Given, target: Given | None, settings: Settings) -> Reason:
    """An address nobody has: both its halves say "none" or "test". The vendor refuses others by itself."""
    local, _, domain = (normal_email(str(source["email"])) or "").partition("@")
    halves = (local.replace("-", "").replace(".", ""), domain.partition(".")[0].replace("-", ""))
    return {"email": str(source["email"])} if all(half in _MADE_UP for half in halves) else None


def _inactive(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("active") is False else None


def _consent_is(word: str) -> Callable[[Given, Given | None, Settings], Reason]:
    """A test for contacts that are over there in a state only the person, or a bounce, can have made."""

    def test(source: Given, target: Given | None, settings: Settings) -> Reason:
        found = target is not None and target.get("consent") == word
        return {"email": str(target.get("email") or "")} if target is not None and found else None

    return test


def _category(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("kind") == "category" else None


def _void_and_new(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if source.get("status") == "void" and target is None else None


def _nobody(source: Given, target: Given | None, settings: Settings) -> Reason:
    return {} if "contact" in source and source["contact"] is None else None


def _too_precise(source: Given, target: Given | None, settings: Settings) -> Reason:
    names = ("total", "tax_total", "discount_total", "shipping_total")
    amounts = [source.get(name) for name in names]
    amounts += [line.get("amount") for line in source.get("lines") or ()]
    odd = next((found for found in amounts if isinstance(found, Decimal) and found != found.quantize(_CENT)), None)
    return None if odd is None else {"amount": str(odd)}


def _wrong_sum(source: Given, target: Given | None, settings: Settings) -> Reason:
    if lines_add_up(source):
        return None
    return {"lines": str(lines_total(source)), "total": str(source.get("total"))}


def _negative(source: Given, target: Given | None, settings: Settings) -> Reason:
    total = source.get("total")
    return {"total": str(total)} if isinstance(total, Decimal) and total < 0 else None


def _other_currency(source: Given, target: Given | None, settings: Settings) -> Reason:
    """Held unless the setting lets foreign sales go; `currency` of the settings is the company's own."""
    home, currency = settings.get("currency", ""), str(source.get("currency") or "")
    if settings.get("foreign_currency") == "send" or not home or not currency or currency == home:
        return None
    return {"currency": currency, "home": home}


NOT_CONTACTS = (
    Excluded("SOURCE-INACTIVE", "skip", _inactive),
    Excluded("CONTACT-NO-EMAIL", "skip", _no_email),
    Excluded("CONTACT-EMAIL-SEVERAL", "hold", _several_emails),
    Excluded("CONTACT-EMAIL-INVALID", "hold", _invalid_email),
    Excluded("QBMC-EMAIL-MADE-UP", "hold", _made_up_email),
    Excluded("QBMC-UNSUBSCRIBED", "skip", _consent_is("withdrawn")),
    Excluded("QBMC-BOUNCED", "skip", _consent_is("bounced")),
    Excluded("QBMC-ARCHIVED", "skip", _consent_is("archived")),
)
NOT_SALES = (
    Excluded("QBMC-VOID", "skip", _void_and_new),
    Excluded("QBMC-NO-CUSTOMER", "skip", _nobody),
    Excluded("QBMC-NEGATIVE", "hold", _negative),
    Excluded("QBMC-CURRENCY", "hold", _other_currency),
    Excluded("AMOUNT-PRECISION", "hold", _too_precise),
    Excluded("LINES-DO-NOT-ADD-UP", "hold", _wrong_sum),
)


# Flows


def _rules(*names: str) -> tuple[RuleSpec, ...]:
    return tuple(RuleSpec(name, name) for name in names)


SHOP = RecipeFlow(
    entity="shop",
    label=text("Store", "Boutique"),
    left=("company_info",),
    right=("stores",),
    directions=("right",),
    rules=_rules("name", "currency", "language", "time_zone", "email", "phone", "address"),
    at_end={"importing": False},
    optional=False,
    sentence=text(
        "Your company becomes one store in the audience.", "Votre entreprise devient une boutique dans l’audience."
    ),
)
CONTACT = RecipeFlow(
    entity="contact",
    label=text("Customers → contacts", "Clients → contacts"),
    left=("customers",),
    right=("members",),
    directions=("right",),
    also={
        "create": text(
            "Each new contact also gets the tag “{tag}” and the status “{status_if_new}”.",
            "Chaque nouveau contact reçoit aussi l’étiquette « {tag} » et l’état « {status_if_new} ».",
        )
    },
    rules=(
        *_rules("email"),
        RuleSpec(
            "name",
            "given_name",
            note=text(
                "The display name stands in where there is no first name, as for a company.",
                "Le nom affiché tient lieu de prénom s’il n’y en a pas, comme pour une entreprise.",
            ),
        ),
        *_rules("given_name", "family_name", "company"),
        RuleSpec(
            "mobile",
            "phone",
            note=text(
                "The mobile number stands in where there is no other.",
                "Le cellulaire sert s’il n’y a pas d’autre numéro.",
            ),
        ),
        *_rules("phone"),
        RuleSpec(
            "address",
            "address",
            note=text(
                "Sent only when street, city, province and postal code are all there: Mailchimp refuses the whole "
                "contact otherwise.",
                "Envoyée seulement si la rue, la ville, la province et le code postal y sont : sinon, Mailchimp refuse "
                "tout le contact.",
            ),
        ),
        RuleSpec(
            "consent",
            "consent",
            when="create",
            note=text(
                "Only ever lowers the status of a new contact, never raises one.",
                "Ne fait qu’abaisser l’état d’un nouveau contact, jamais le rehausser.",
            ),
        ),
    ),
    match_on=("email",),
    exclusions=NOT_CONTACTS,
    presets=(
        FilterPreset(
            "with-email",
            text("Customers with an e-mail", "Clients qui ont un courriel"),
            {"field": "email", "test": "known"},
        ),
        FilterPreset(
            "owing",
            text("Customers who owe something", "Clients qui ont un solde"),
            {"field": "balance", "test": "greater", "value": "0"},
        ),
    ),
    optional=False,
    sentence=text(
        "Customers with an e-mail become contacts: name, e-mail, business address, phone.",
        "Les clients qui ont un courriel deviennent des contacts : nom, courriel, adresse d’affaires, téléphone.",
    ),
)
PRODUCT = RecipeFlow(
    entity="product",
    label=text("Products and services → products", "Produits et services → produits"),
    left=("items",),
    right=("products",),
    directions=("right",),
    rules=_rules("name", "sku", "description", "price"),
    exclusions=(Excluded("QBMC-CATEGORY", "skip", _category),),
    sentence=text(
        "Products and services become the store’s products, so that orders can name them.",
        "Les produits et services deviennent les produits de la boutique, pour que les commandes puissent les nommer.",
    ),
)
SALE = RecipeFlow(
    entity="sale",
    label=text("Invoices and sales receipts → orders", "Factures et reçus de vente → commandes"),
    left=("invoices", "sales_receipts"),
    right=("orders",),
    directions=("right",),
    rules=_rules(
        "number",
        "date",
        "contact",
        "currency",
        "total",
        "status",
        "tax_total",
        "discount_total",
        "shipping_total",
        "lines",
    ),
    exclusions=NOT_SALES,
    presets=(
        FilterPreset(
            "paid",
            text("Paid sales only", "Ventes payées seulement"),
            {"field": "status", "test": "equals", "value": "paid"},
        ),
    ),
    removes="remove",
    side_of_totals=True,
    sentence=text(
        "Invoices and sales receipts become orders with the same total, date and number. Credit memos and refund "
        "receipts do not go.",
        "Les factures et les reçus de vente deviennent des commandes de mêmes total, date et numéro. Les notes de "
        "crédit "
        "et les reçus de remboursement ne passent pas.",
    ),
)


# Readiness


def _check_audience(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBMC-CHECK-AUDIENCE",
        bool(settings.get("audience")),
        text("An audience is chosen.", "Une audience est choisie."),
        text("No audience is chosen yet.", "Aucune audience n’est encore choisie."),
    )


def _check_status(facts: Given, settings: Settings) -> Finding:
    return finding(
        "QBMC-CHECK-STATUS",
        settings.get("status_if_new") in ("subscribed", "transactional"),
        text("The status of new contacts is chosen.", "L’état des nouveaux contacts est choisi."),
        text("The status of new contacts is not chosen yet.", "L’état des nouveaux contacts n’est pas encore choisi."),
    )


def _check_consent(facts: Given, settings: Settings) -> Finding:
    """Subscribing needs a recorded basis, its date and how it was obtained; an implied one must not be too old."""
    code = "QBMC-CHECK-CONSENT"
    if settings.get("status_if_new") != "subscribed":
        return Finding(code, "ok", text("No consent is claimed.", "Aucun consentement n’est invoqué."))
    named = all(str(settings.get(key) or "").strip() for key in ("consent_basis", "consent_note", "consent_date"))
    given = _day(settings.get("consent_date"))
    if not named or given is None:
        return Finding(
            code,
            "blocker",
            text(
                "“Subscribed” needs the basis of the consent, its date, and how it was obtained.",
                "« Abonné » exige le fondement du consentement, sa date et la façon dont il a été obtenu.",
            ),
        )
    today = _day(facts.get("today"))
    if settings["consent_basis"] == "implied" and today and given + IMPLIED_FOR < today:
        return Finding(
            code,
            "blocker",
            text(
                "The implied consent of {date} has ended: choose “non-subscribed”, or record express consent.",
                "Le consentement tacite du {date} a pris fin : choisissez « non abonné » ou inscrivez un consentement "
                "exprès.",
            ),
            {"date": given.isoformat()},
        )
    words = text("The consent is recorded ({date}).", "Le consentement est inscrit ({date}).")
    return Finding(code, "ok", words, {"date": given.isoformat()})


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _check_currency(facts: Given, settings: Settings) -> Finding:
    currency = str(side(facts, "left").get("currency") or settings.get("currency") or "")
    return finding(
        "QBMC-CHECK-CURRENCY",
        bool(currency),
        text("The company’s currency is {currency}.", "La devise de l’entreprise est {currency}."),
        text(
            "The company’s currency is not known: test the QuickBooks connection.",
            "La devise de l’entreprise n’est pas connue : testez la connexion QuickBooks.",
        ),
        currency=currency,
    )


def _check_role(facts: Given, settings: Settings) -> Finding:
    role = str(side(facts, "right").get("role") or "")
    return finding(
        "QBMC-CHECK-ROLE",
        role.lower() not in ("author", "viewer"),
        text("The role in Mailchimp may write contacts.", "Le rôle dans Mailchimp permet d’écrire des contacts."),
        text(
            "The role {role} in Mailchimp may not write contacts: connect as owner, administrator or manager.",
            "Le rôle {role} dans Mailchimp ne permet pas d’écrire des contacts : connectez-vous comme propriétaire, "
            "administrateur ou gestionnaire.",
        ),
        role=role,
    )


CHECKS = (
    Check("QBMC-CHECK-AUDIENCE", text("Audience", "Audience"), _check_audience),
    Check("QBMC-CHECK-STATUS", text("Status of new contacts", "État des nouveaux contacts"), _check_status),
    Check("QBMC-CHECK-CONSENT", text("Recorded consent", "Consentement inscrit"), _check_consent),
    Check("QBMC-CHECK-CURRENCY", text("Currency", "Devise"), _check_currency),
    Check("QBMC-CHECK-ROLE", text("Role in Mailchimp", "Rôle dans Mailchimp"), _check_role),
)

DISCONNECT = Disconnect(
    effects=(
        text(
            "All updates stop: nothing more is sent to Mailchimp.",
            "Toutes les mises à jour cessent : plus rien n’est envoyé à Mailchimp.",
        ),
        text(
            "The store is removed from Mailchimp, with every order and invoice that was sent; the run lists each one.",
            "La boutique est supprimée de Mailchimp, avec toutes les commandes et factures envoyées ; la "
            "synchronisation les énumère une à une.",
        ),
        text(
            "Customers stay in Mailchimp as contacts, with their fields and tags; they are no longer updated.",
            "Les clients restent dans Mailchimp comme contacts, avec leurs champs et leurs étiquettes ; ils ne sont "
            "plus mis à jour.",
        ),
        text(
            "QuickBooks data is not touched in any way.", "Les données de QuickBooks ne sont touchées d’aucune façon."
        ),
    ),
    removes=("shop",),
    carries=("sale", "product"),
)

RECIPE = Recipe(
    key="quickbooks_mailchimp",
    label=text("QuickBooks Online and Mailchimp", "QuickBooks en ligne et Mailchimp"),
    left="quickbooks",
    right="mailchimp",
    flows=(SHOP, CONTACT, PRODUCT, SALE),
    settings=SETTINGS,
    checks=CHECKS,
    disconnect=DISCONNECT,
    help=HELP,
    next_steps=NEXT_STEPS,
    beta=True,
    catalogue=CATALOGUE,
    lists=(("right", "merge_fields", "audience"),),
    context=context,
    one_to_one=True,
    summary=text(
        "Customers, products, invoices and sales receipts go from QuickBooks Online to one Mailchimp audience. Nothing "
        "is ever written to QuickBooks.",
        "Les clients, les produits, les factures et les reçus de vente vont de QuickBooks Online à une audience "
        "Mailchimp. Rien n’est jamais écrit dans QuickBooks.",
    ),
)
