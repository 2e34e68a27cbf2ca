"""What contacts of any CRM and customers of the books agree on."""

from connectors.contract import RuleSpec
from connectors.recipes.words import text

# A customer's display name: it fills in for a first name over there, and is given once over here.
NAMED_ONCE = (
    RuleSpec(
        "name",
        "given_name",
        when="create",
        note=text(
            "The display name stands in where there is no first name, as for a company.",
            "Le nom affiché tient lieu de prénom s’il n’y en a pas, comme pour une entreprise.",
        ),
    ),
    RuleSpec(
        "name",
        "name",
        when="create",
        toward="left",
        note=text(
            "A new customer is named once; afterwards its name in the books is the bookkeeper’s.",
            "Un nouveau client est nommé une fois ; son nom dans les livres est ensuite l’affaire du comptable.",
        ),
    ),
)
