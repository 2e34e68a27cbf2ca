"""What parts of a likeness, and how the two sides stand to each other, are called on screens and in files."""

from bridge.engine.wording import text as _text
from connectors.contract import Text

PARTS: dict[str, Text] = {
    "email": _text(("E-mail", "Courriel")),
    "phone": _text(("Phone", "Téléphone")),
    "name": _text(("Name", "Nom")),
    "given_name": _text(("First name", "Prénom")),
    "family_name": _text(("Last name", "Nom de famille")),
    "generation": _text(("Senior or junior", "Père ou fils")),
    "company": _text(("Company", "Entreprise")),
    "address": _text(("Address", "Adresse")),
    "building": _text(("Second address line", "Deuxième ligne d’adresse")),
    "flat": _text(("Apartment", "Appartement")),
    "postcode": _text(("Postcode", "Code postal")),
    "city": _text(("City", "Ville")),
    "region": _text(("Region", "Région")),
    "country": _text(("Country", "Pays")),
    "email_shared": _text(("E-mail of several people", "Courriel de plusieurs personnes")),
    "phone_shared": _text(("Phone of several people", "Téléphone de plusieurs personnes")),
    "name_shared": _text(("Frequent name", "Nom répandu")),
    "family_shared": _text(("Frequent last name", "Nom de famille répandu")),
    "company_shared": _text(("Company in several records", "Entreprise de plusieurs fiches")),
    "address_shared": _text(("Address of several people", "Adresse de plusieurs personnes")),
    "postcode_shared": _text(("Frequent postcode", "Code postal répandu")),
    "city_shared": _text(("Large city", "Grande ville")),
}

NOTES: dict[str, Text] = {
    "equal": _text(("equal", "identique")),
    "accent": _text(("equal but for accents or capitals", "identique, sauf accents ou majuscules")),
    "typo": _text(("a slip of the keys", "une faute de frappe")),
    "sound": _text(("sounds alike", "se prononce pareil")),
    "nickname": _text(("nickname", "diminutif")),
    "initial": _text(("initial", "initiale")),
    "part": _text(("partly equal", "identique en partie")),
    "close": _text(("close", "proche")),
    "swapped": _text(("names the other way round", "prénom et nom inversés")),
    "shared": _text(("shared by several records", "partagé par plusieurs fiches")),
    "one side": _text(("told on one side only", "indiqué d’un seul côté")),
    "differs": _text(("differs", "différent")),
}
