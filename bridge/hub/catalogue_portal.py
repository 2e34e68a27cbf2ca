"""What the client pages tell people, in both languages."""

from bridge.hub.explaining import entry as _entry
from connectors.contract import Explanation

PORTAL_CATALOGUE: tuple[Explanation, ...] = (
    _entry(
        "QUESTION-NO-LINES",
        ("There is nothing to ask about.",
         "None of these lines waits for approval, or they are not of one integration.",
         "Choose planned lines of one integration."),
        ("Il n’y a rien à demander.",
         "Aucune de ces lignes n’attend d’approbation, ou elles ne sont pas d’une même intégration.",
         "Choisissez des lignes planifiées d’une seule intégration."),
    ),
    _entry(
        "QUESTION-NOBODY",
        ("This person cannot answer.", "Only managers and accountants of the organization may.",
         "Choose somebody else, or invite an accountant."),
        ("Cette personne ne peut pas répondre.",
         "Seuls les gestionnaires et les comptables de l’organisation le peuvent.",
         "Choisissez quelqu’un d’autre, ou invitez un comptable."),
    ),
    _entry(
        "CONNECTION-REVOKED",
        ("{who} withdrew the access to this account.", "The client did so on their own page; our copy of it is gone.",
         "Nothing is read or written until the client connects the account again."),
        ("{who} a retiré l’accès à ce compte.", "Le client l’a fait sur sa propre page ; notre copie est effacée.",
         "Rien n’est lu ni écrit jusqu’à ce que le client connecte de nouveau le compte."),
    ),
    _entry(
        "PEOPLE-LAST-MANAGER",
        ("{who} is the only manager.", "Somebody must be able to invite people and withdraw access.",
         "Make somebody else a manager first."),
        ("{who} est la seule personne à gérer l’accès.",
         "Quelqu’un doit pouvoir inviter des gens et retirer l’accès.",
         "Donnez d’abord ce rôle à quelqu’un d’autre."),
    ),
    _entry(
        "PEOPLE-HERE",
        ("{who} can see this already.", "The person was invited before.", "Nothing needs doing."),
        ("{who} voit déjà ces pages.", "La personne a été invitée auparavant.", "Il n’y a rien à faire."),
    ),
    _entry(
        "PEOPLE-CAME-IN",
        ("{who} has come in already.", "An invitation is only for people who have never signed in.",
         "Nothing needs doing; a forgotten password is chosen anew from the sign-in page."),
        ("{who} est déjà venu ici.", "Une invitation ne sert qu’aux personnes qui ne se sont jamais connectées.",
         "Il n’y a rien à faire ; un mot de passe oublié se remplace depuis la page de connexion."),
    ),
    _entry(
        "PEOPLE-OFF",
        ("The account of {who} is switched off.", "Somebody of the office did so.",
         "Ask the office to switch it on again."),
        ("Le compte de {who} est désactivé.", "Quelqu’un du bureau l’a désactivé.",
         "Demandez au bureau de le réactiver."),
    ),
    _entry(
        "PEOPLE-STAFF",
        ("{who} belongs to the office.", "People of the office see your pages only to help you, and it is noted.",
         "Invite another address."),
        ("{who} fait partie du bureau.",
         "Les gens du bureau ne voient vos pages que pour vous aider, et c’est consigné.",
         "Invitez une autre adresse."),
    ),
)  # fmt: skip
