"""What posting has to say: why a sale is held, or what was remarked when it was posted."""

from bridge.engine.posting.sheet import LINE_KINDS, unmapped_code
from bridge.engine.wording import Pair
from bridge.engine.wording import explain as _e
from connectors.contract import Explanation

_MAP_CURE = (
    "Map it on the Mappings page; what waits for it then goes by itself.",
    "Faites-la correspondre à la page Correspondances ; ce qui l’attend passera ensuite de lui-même.",
)
_SHOP_CURE = ("Correct it in the shop; it is then read again.", "Corrigez-le dans la boutique ; il sera relu ensuite.")
_AS_IT_IS = ("Nothing, if that is right.", "Rien, si c’est voulu.")


def _own_item(code: str, en: str, fr: str, why: Pair) -> Explanation:
    return _e(
        code,
        (f"{en} of {{amount}} {{currency}} has no item in the books.",
         f"{fr} de {{amount}} {{currency}} n’a pas d’article dans les livres."),
        why,
        ("Choose the item in the settings (“{setting}”); the order then goes.",
         "Choisissez l’article dans les réglages (« {setting} ») ; la commande passera ensuite."),
    )  # fmt: skip


def _kind_unmapped(kind: str) -> Explanation:
    en, fr = LINE_KINDS[kind]
    return _e(
        unmapped_code(kind),
        (f"Map {en} to an item.", f"Associez « {fr} » à un article."),
        (f"A line is of the kind “{en}” ({{name}}), which has no item in the books. Only invoices with "
         "such a line wait.",
         f"Une ligne est de la sorte « {fr} » ({{name}}), qui n’a pas d’article dans les livres. Seules "
         "les factures qui ont une telle ligne attendent."),
        _MAP_CURE,
    )  # fmt: skip


_ITEMS = (
    *(_kind_unmapped(kind) for kind in LINE_KINDS),
    _e(
        "DEPOSIT-UNAPPLIED",
        ("Received before its invoice: not applied yet.", "Reçu avant sa facture : pas encore affecté."),
        ("The invoice is not in the books yet.", "La facture n’est pas encore dans les livres."),
        ("Nothing: it is applied when the invoice is there.", "Rien : il sera affecté quand la facture y sera."),
    ),
    _own_item("SHIPPING-ITEM-MISSING", "Shipping", "La livraison", (
        "Shipping is written as a line of its own, on an item you choose.",
        "La livraison est inscrite sur sa propre ligne, avec un article que vous choisissez.")),
    _own_item("DISCOUNT-ITEM-MISSING", "A discount", "Une remise", (
        "Discounts are written as lines of their own, so that nothing is hidden in prices.",
        "Les remises sont inscrites sur leurs propres lignes, pour que rien ne soit caché dans les prix.")),
    _own_item("GIFT-CARD-ITEM-MISSING", "A gift card", "Une carte-cadeau", (
        "A gift card spent is not a discount: its item leads to the account of cards sold.",
        "Une carte-cadeau utilisée n’est pas une remise : son article mène au compte des cartes vendues.")),
    _own_item("STORE-CREDIT-ITEM-MISSING", "Store credit", "Un crédit en magasin", (
        "Store credit spent is not a discount: its item leads to the account of credit given.",
        "Un crédit en magasin utilisé n’est pas une remise : son article mène au compte des crédits accordés.")),
    _own_item("FEE-ITEM-MISSING", "A fee", "Des frais", (
        "Surcharges and fees are written as lines of their own.",
        "Les suppléments et les frais sont inscrits sur leurs propres lignes.")),
    _own_item("ROUNDING-ITEM-MISSING", "A rounding difference", "Un écart d’arrondi", (
        "Line by line the amounts come to a little more or less than the shop’s total.",
        "Ligne par ligne, les montants font un peu plus ou un peu moins que le total de la boutique.")),
    _e(
        "REFUND-ITEM-MISSING",
        ("A refund of {amount} {currency} for goods that do not go back to stock has no item in the books.",
         "Un remboursement de {amount} {currency} pour des articles qui ne retournent pas en stock n’a pas d’article "
         "dans les livres."),
        ("On the goods’ own item it would raise the stock.",
         "Avec l’article d’origine, il augmenterait le stock."),
        ("Choose the item for refunds in the settings, or let goods go back to stock.",
         "Choisissez l’article des remboursements dans les réglages, ou laissez les articles retourner en stock."),
    ),
    _e(
        "ITEM-UNMAPPED",
        ("The item {key} ({name}) is not in the books.", "L’article {key} ({name}) n’est pas dans les livres."),
        ("No item there has this SKU or name, and there is no default item.",
         "Aucun article n’y a cette UGS ou ce nom, et il n’y a pas d’article par défaut."),
        ("Map the item, let missing items be created, or choose a default item.",
         "Faites correspondre l’article, laissez créer les articles manquants, ou choisissez un article par défaut."),
    ),
    _e(
        "ITEM-SEVERAL",
        ("Several items in the books could be {key}: {ids}.",
         "Plusieurs articles des livres pourraient être {key} : {ids}."),
        ("They share its SKU or name, and taking one would be a guess.",
         "Ils ont la même UGS ou le même nom, et en prendre un serait deviner."),
        ("Map this SKU to the right one on the Mappings page.",
         "Faites correspondre cette UGS au bon article à la page Correspondances."),
    ),
    _e(
        "SKU-SHARED",
        ("Two products of the shop have the SKU {sku}: {ids}.",
         "Deux produits de la boutique ont l’UGS {sku} : {ids}."),
        ("An order names its items by SKU, so it cannot be told which one was sold.",
         "Une commande nomme ses articles par UGS : on ne sait pas lequel a été vendu."),
        ("Give each product its own SKU in the shop.", "Donnez à chaque produit sa propre UGS dans la boutique."),
        who="client",
    ),
    _e(
        "ITEM-DEFAULT",
        ("{line} was written on the default item.", "{line} a été inscrit avec l’article par défaut."),
        ("The books have no item of its own for it.", "Les livres n’ont pas d’article pour lui."),
        ("Map the item if it should have its own.", "Faites correspondre l’article s’il doit avoir le sien."),
        can_retry=False,
    ),
    _e(
        "ITEM-NAME-SHARED",
        ("“{name}” was created as “{posted}”.", "« {name} » a été créé sous le nom « {posted} »."),
        ("Several products or items have this name, and the books want each name once.",
         "Plusieurs produits ou articles ont ce nom, et les livres veulent chaque nom une seule fois."),
        ("Rename it in the books if you like; it stays linked.",
         "Renommez-le dans les livres si vous le souhaitez ; il reste lié."),
        can_retry=False,
    ),
    _e(
        "QUANTITY-LEFT-OUT",
        ("{line} was written without its quantity ({quantity}).",
         "{line} a été inscrit sans sa quantité ({quantity})."),
        ("No unit price times this quantity comes to the line’s amount.",
         "Aucun prix unitaire multiplié par cette quantité ne donne le montant de la ligne."),
        ("If its stock is tracked, correct the quantity in the books.",
         "Si son stock est suivi, corrigez la quantité dans les livres."),
        can_retry=False,
    ),
)  # fmt: skip

_TAXES = (
    _e(
        "TAX-UNMAPPED",
        ("The tax “{key}” has no tax code in the books.", "La taxe « {key} » n’a pas de code de taxe dans les livres."),
        ("Which code it is there is yours, or your accountant’s, to say.",
         "C’est à vous, ou à votre comptable, de dire quel code c’est là-bas."),
        _MAP_CURE,
    ),
    _e(
        "TAX-CODE-GONE",
        ("The tax code {target}, mapped to “{key}”, is inactive or gone in the books.",
         "Le code de taxe {target}, qui correspond à « {key} », est inactif ou disparu des livres."),
        ("Codes change their id when a rate is edited there.",
         "Les codes changent d’identifiant quand un taux y est modifié."),
        ("Refresh the lists on the Mappings page and choose the code anew.",
         "Actualisez les listes à la page Correspondances et choisissez le code à nouveau."),
    ),
    _e(
        "TAX-RATE-DIFFERS",
        ("The tax “{key}” was charged at {source}, but its code in the books is {target}.",
         "La taxe « {key} » a été perçue à {source}, mais son code dans les livres est {target}."),
        ("Writing it there would put the money under the wrong tax.",
         "L’inscrire ainsi mettrait l’argent sous la mauvaise taxe."),
        ("Map the tax to a code with the same rates.",
         "Faites correspondre la taxe à un code qui a les mêmes taux."),
    ),
    _e(
        "TAX-NOT-NAMED",
        ("A tax of {amount} on {line} has no name.", "Une taxe de {amount} sur {line} n’a pas de nom."),
        ("The shop charged it without saying which tax it is.",
         "La boutique l’a perçue sans dire de quelle taxe il s’agit."),
        ("Look at the order’s taxes in the shop.", "Voyez les taxes de la commande dans la boutique."),
    ),
    _e(
        "TAX-OFF",
        ("A tax of {amount} was charged, but taxes are off in the settings.",
         "Une taxe de {amount} a été perçue, mais les taxes sont désactivées dans les réglages."),
        ("Left out, the total would be wrong.", "Sans elle, le total serait faux."),
        ("Choose how taxes are written in the settings.",
         "Choisissez dans les réglages comment les taxes sont inscrites."),
    ),
    _e(
        "TAX-NOT-KEPT",
        ("A tax of {amount} was charged, but sales tax is turned off in the books.",
         "Une taxe de {amount} a été perçue, mais les taxes de vente sont désactivées dans les livres."),
        ("They would drop it, and the total would be wrong.",
         "Ils la laisseraient tomber, et le total serait faux."),
        ("Turn sales tax on in the books, then check the connection; this record then goes by itself.",
         "Activez les taxes de vente dans les livres, puis vérifiez la connexion ; cette fiche passera ensuite "
         "d’elle-même."),
    ),
    _e(
        "TAX-BY-BOOKS",
        ("The books compute the tax of this document; the shop charged {amount} {currency}.",
         "Les livres calculent la taxe de ce document ; la boutique a perçu {amount} {currency}."),
        ("The shop’s amount is sent along, and the answer is compared with it.",
         "Le montant de la boutique est transmis, et la réponse y est comparée."),
        ("Nothing: a difference would be shown.", "Rien : une différence serait montrée."),
        can_retry=False,
    ),
    _e(
        "TAX-FORCED",
        ("A tax at {percent} % was charged as {charged} {currency}; the books would compute {computed}.",
         "Une taxe à {percent} % a été perçue à {charged} {currency} ; les livres calculeraient {computed}."),
        ("What was charged is written, since it is what is owed.",
         "Ce qui a été perçu est inscrit, puisque c’est ce qui est dû."),
        ("Check the shop’s tax settings if you did not expect it.",
         "Vérifiez les réglages de taxe de la boutique si cela vous surprend."),
        can_retry=False,
    ),
    _e(
        "TAX-HEADER-DIFFERS",
        ("The order says {told} of tax, its lines {lines}.",
         "La commande dit {told} de taxe, ses lignes {lines}."),
        ("The lines come to the total, so they were taken.",
         "Les lignes donnent le total : ce sont elles qui ont servi."),
        ("Compare the two if the tax report differs.",
         "Comparez les deux si le rapport de taxe diffère."),
        can_retry=False,
    ),
)  # fmt: skip

_TOTALS = (
    _e(
        "TOTAL-DIFFERS",
        ("The shop’s total is {total} {currency}, the lines come to {posted}: {difference} is unexplained.",
         "Le total de la boutique est {total} {currency}, les lignes font {posted} : {difference} reste inexpliqué."),
        ("Said by the order and found in its lines: goods {subtotal} and {subtotal_found}, shipping {shipping_total} "
         "and {shipping_total_found}, discount {discount_total} and {discount_total_found}, tax {tax_total} and "
         "{tax_total_found}; cards, credit and fees {other}.",
         "Dit par la commande et trouvé dans ses lignes : articles {subtotal} et {subtotal_found}, livraison "
         "{shipping_total} et {shipping_total_found}, remise {discount_total} et {discount_total_found}, taxe "
         "{tax_total} et {tax_total_found} ; cartes, crédits et frais {other}."),
        ("Look for a fee or a discount without a line in the shop; known fees can go to the fee item by a setting.",
         "Cherchez dans la boutique des frais ou une remise sans ligne ; un réglage peut envoyer les frais connus à "
         "leur article."),
    ),
    _e(
        "TOTAL-NEGATIVE",
        ("The total is negative: {total} {currency}.", "Le total est négatif : {total} {currency}."),
        ("The books take no such document.", "Les livres n’acceptent pas un tel document."),
        ("Enter it in the books by hand, or leave it out.",
         "Inscrivez-le à la main dans les livres, ou laissez-le de côté."),
    ),
    _e(
        "AMOUNT-TOO-FINE",
        ("The amount {amount} is finer than {unit}, the smallest the books keep.",
         "Le montant {amount} est plus fin que {unit}, le plus petit que les livres gardent."),
        ("Rounding a total would make the two sides differ.",
         "Arrondir un total ferait différer les deux côtés."),
        ("Enter this document in the books by hand, or leave it out.",
         "Inscrivez ce document à la main dans les livres, ou laissez-le de côté."),
    ),
    _e(
        "SALE-NO-LINES",
        ("This document of {total} {currency} has no lines.",
         "Ce document de {total} {currency} n’a aucune ligne."),
        ("Without them nobody can tell what was sold.", "Sans elles, personne ne peut dire ce qui a été vendu."),
        ("Look at the order in the shop; it may have been emptied or imported.",
         "Voyez la commande dans la boutique ; elle a peut-être été vidée ou importée."),
    ),
    _e(
        "TOO-MANY-LINES",
        ("This document has {count} lines; the books take {most}.",
         "Ce document a {count} lignes ; les livres en acceptent {most}."),
        ("Nothing is left out or added together by itself.",
         "Rien n’est omis ni regroupé sans qu’on le demande."),
        ("Enter it in the books by hand, in parts.", "Inscrivez-le à la main dans les livres, en plusieurs parties."),
    ),
    _e(
        "ROUNDING-POSTED",
        ("{amount} {currency} went to the rounding item.",
         "{amount} {currency} sont allés à l’article d’arrondi."),
        ("The shop rounds its lines and its total apart.",
         "La boutique arrondit séparément ses lignes et son total."),
        _AS_IT_IS,
        can_retry=False,
    ),
    _e(
        "FEE-UNEXPLAINED",
        ("{amount} {currency} that no line explains went to the fee item.",
         "{amount} {currency} qu’aucune ligne n’explique sont allés à l’article des frais."),
        ("Your settings say so; the shop’s total holds it, but no field names it.",
         "Vos réglages le veulent ; le total de la boutique le contient, mais aucun champ ne le nomme."),
        _AS_IT_IS,
        can_retry=False,
    ),
    _e(
        "BOOKS-TOTAL-DIFFERS",
        ("The books made {total_kept} {currency} of a total of {total_sent}: {difference} more or less.",
         "Les livres ont fait {total_kept} {currency} d’un total de {total_sent} : un écart de {difference}."),
        ("They computed something themselves, most often the tax.",
         "Ils ont calculé eux-mêmes quelque chose, le plus souvent la taxe."),
        ("Open the document in the books and compare its tax.",
         "Ouvrez le document dans les livres et comparez sa taxe."),
    ),
    _e(
        "BOOKS-TAX-DIFFERS",
        ("The books made {tax_total_kept} {currency} of a tax of {tax_total_sent}: {difference} more or less.",
         "Les livres ont fait {tax_total_kept} {currency} d’une taxe de {tax_total_sent} : un écart de {difference}."),
        ("They computed it themselves.", "Ils l’ont calculée eux-mêmes."),
        ("Open the document in the books and compare its tax.",
         "Ouvrez le document dans les livres et comparez sa taxe."),
    ),
)  # fmt: skip

_HEADERS = (
    _e(
        "NUMBER-TOO-LONG",
        ("The number {number} has {length} characters; the books take {most}.",
         "Le numéro {number} a {length} caractères ; les livres en acceptent {most}."),
        ("A number cut short could be another order’s.",
         "Un numéro coupé pourrait être celui d’une autre commande."),
        ("Choose a shorter prefix, or let the books give the numbers.",
         "Choisissez un préfixe plus court, ou laissez les livres donner les numéros."),
    ),
    _e(
        "NUMBER-TAKEN",
        ("The number {number} is already used in the books, by {who}.",
         "Le numéro {number} est déjà pris dans les livres, par {who}."),
        ("Two documents with one number cannot be told apart.",
         "Deux documents de même numéro ne se distinguent pas."),
        ("Choose a prefix for this shop, or correct the other document.",
         "Choisissez un préfixe pour cette boutique, ou corrigez l’autre document."),
    ),
    _e(
        "NUMBER-BY-BOOKS",
        ("The books gave this document a number of their own; the shop’s is {number}.",
         "Les livres ont donné leur propre numéro à ce document ; celui de la boutique est {number}."),
        ("Own numbers are off in the books; the shop’s is kept in the note.",
         "Les numéros personnalisés sont désactivés dans les livres ; celui de la boutique est gardé dans la note."),
        ("Turn own numbers on in the books to keep the shop’s.",
         "Activez les numéros personnalisés dans les livres pour garder ceux de la boutique."),
        can_retry=False,
    ),
    _e(
        "NUMBER-LEFT-EMPTY",
        ("This document has no number in the books; the shop’s is {number}.",
         "Ce document n’a pas de numéro dans les livres ; celui de la boutique est {number}."),
        ("You left numbers to the books, but there they are set to be given by hand.",
         "Vous laissez les numéros aux livres, mais ils y sont réglés pour être donnés à la main."),
        ("Turn own numbers off in the books, or keep the shop’s numbers.",
         "Désactivez les numéros personnalisés dans les livres, ou gardez ceux de la boutique."),
        can_retry=False,
    ),
    _e(
        "CURRENCY-NOT-TOLD",
        ("This document names no currency.", "Ce document ne nomme pas de devise."),
        ("An amount without a currency is not an amount.", "Un montant sans devise n’est pas un montant."),
        _SHOP_CURE,
    ),
    _e(
        "CURRENCY-SINGLE",
        ("This document is in {currency}, and the books are in {home} only.",
         "Ce document est en {currency}, et les livres sont en {home} seulement."),
        ("Amounts are never converted by guess.", "On ne convertit jamais un montant au jugé."),
        ("Turn on several currencies in the books, or leave such documents out with a filter on the currency.",
         "Activez plusieurs devises dans les livres, ou excluez ces documents par un filtre sur la devise."),
    ),
    _e(
        "CURRENCY-NOT-IN-BOOKS",
        ("This document is in {currency}, which the books do not have.",
         "Ce document est en {currency}, une devise que les livres n’ont pas."),
        ("A currency must be added there by a person.", "Une personne doit l’y ajouter."),
        ("Add the currency in the books, then try again.", "Ajoutez la devise dans les livres, puis réessayez."),
    ),
    _e(
        "CUSTOMER-CURRENCY",
        ("This document is in {currency}, but its customer {customer} is in {theirs} in the books.",
         "Ce document est en {currency}, mais son client {customer} est en {theirs} dans les livres."),
        ("A customer has one currency there for ever.", "Un client y a une seule devise, pour toujours."),
        ("Make a second customer in {currency} and link the buyer to it, or leave the document out.",
         "Créez un second client en {currency} et liez-y l’acheteur, ou laissez le document de côté."),
    ),
    _e(
        "RATE-BY-BOOKS",
        ("The books choose the exchange rate of this document in {currency}.",
         "Les livres choisissent le taux de change de ce document en {currency}."),
        ("The shop’s own currency is another one, so its rate does not fit.",
         "La devise de la boutique en est une autre : son taux ne convient pas."),
        _AS_IT_IS,
        can_retry=False,
    ),
    _e(
        "CUSTOMER-NOT-TOLD",
        ("This document names no customer.", "Ce document ne nomme pas de client."),
        ("The books want one for every sale.", "Les livres en veulent un pour chaque vente."),
        ("Correct it in the shop, or choose one generic customer in the settings.",
         "Corrigez-le dans la boutique, ou choisissez un client générique dans les réglages."),
    ),
    _e(
        "CUSTOMER-NOT-SET",
        ("There is no generic customer in the settings.", "Il n’y a pas de client générique dans les réglages."),
        ("You chose to write all sales for one customer.",
         "Vous avez choisi d’inscrire toutes les ventes pour un seul client."),
        ("Choose this customer in the settings.", "Choisissez ce client dans les réglages."),
    ),
    _e(
        "COMPANY-NOT-TOLD",
        ("{name} has no organisation, so the person is the customer.",
         "{name} n’a pas d’organisation : c’est la personne qui est le client."),
        ("You chose organisations as customers, and this order names none.",
         "Vous avez choisi les organisations comme clients, et cette commande n’en nomme pas."),
        _AS_IT_IS,
        can_retry=False,
    ),
    _e(
        "CUSTOMER-NAME-SHARED",
        ("{name} was created as “{posted}”.", "{name} a été créé sous le nom « {posted} »."),
        ("Another customer has this name with another e-mail address, and the books want each name once.",
         "Un autre client porte ce nom avec une autre adresse courriel, et les livres veulent chaque nom une fois."),
        ("If they are one person, merge the two in the books; if not, rename one there if you like.",
         "Si c’est une seule personne, fusionnez les deux dans les livres ; sinon, renommez-en un si vous voulez."),
        can_retry=False,
    ),
    _e(
        "DATE-NOT-TOLD",
        ("This document has no date.", "Ce document n’a pas de date."),
        ("The books cannot take it without one.", "Les livres ne peuvent pas l’accepter sans date."),
        _SHOP_CURE,
    ),
    _e(
        "BOOKS-CLOSED",
        ("This document is dated {date}, and the books are closed until {closed}.",
         "Ce document date du {date}, et les livres sont fermés jusqu’au {closed}."),
        ("A closed period is not written to.", "On n’écrit pas dans une période fermée."),
        ("Ask the accountant to open the period, or let such documents go to the first open day in the settings.",
         "Demandez au comptable d’ouvrir la période, ou laissez ces documents aller au premier jour ouvert dans les "
         "réglages."),
    ),
    _e(
        "BOOKS-CLOSED-ASK",
        ("This document is dated {date}, and the books are closed until {closed}.",
         "Ce document date du {date}, et les livres sont fermés jusqu’au {closed}."),
        ("You want to be asked each time.", "Vous voulez qu’on vous le demande chaque fois."),
        ("Decide: the first open day, or wait until the period is open.",
         "Décidez : le premier jour ouvert, ou attendre que la période soit ouverte."),
        who="client",
    ),
    _e(
        "BOOKS-CLOSED-MOVED",
        ("This document of {date} was written on {opened}.", "Ce document du {date} a été inscrit au {opened}."),
        ("The books are closed until {closed}; the true date is in the note.",
         "Les livres sont fermés jusqu’au {closed} ; la vraie date est dans la note."),
        _AS_IT_IS,
        can_retry=False,
    ),
    _e(
        "CLASS-NOT-KEPT",
        ("The class was left out.", "La catégorie a été omise."),
        ("Classes are off in the books.", "Les catégories sont désactivées dans les livres."),
        ("Turn them on in the books, or clear the class in the settings.",
         "Activez-les dans les livres, ou videz la catégorie dans les réglages."),
        can_retry=False,
    ),
    _e(
        "LOCATION-NOT-KEPT",
        ("The location was left out.", "L’emplacement a été omis."),
        ("Locations are off in the books.", "Les emplacements sont désactivés dans les livres."),
        ("Turn them on in the books, or clear the location in the settings.",
         "Activez-les dans les livres, ou videz l’emplacement dans les réglages."),
        can_retry=False,
    ),
    _e(
        "SETTING-INVALID",
        ("The setting “{setting}” has the value “{value}”, which it cannot have.",
         "Le réglage « {setting} » a la valeur « {value} », qu’il ne peut pas avoir."),
        ("It was typed or imported with a word nobody knows.",
         "Il a été tapé ou importé avec un mot inconnu."),
        ("Choose a value from the list.", "Choisissez une valeur dans la liste."),
    ),
)  # fmt: skip

_PAYMENTS = (
    _e(
        "METHOD-UNMAPPED",
        ("The payment method “{key}” has no account in the books.",
         "Le mode de paiement « {key} » n’a pas de compte dans les livres."),
        ("{total} {currency} would lie in an account nobody chose.",
         "{total} {currency} iraient dans un compte que personne n’a choisi."),
        ("Map the payment method to its clearing account, or ask the accountant.",
         "Faites correspondre le mode de paiement à son compte de compensation, ou demandez au comptable."),
    ),
    _e(
        "PAYMENT-ZERO",
        ("This payment is {total} {currency}.", "Ce paiement est de {total} {currency}."),
        ("There is no money in it to record.", "Il n’y a pas d’argent à inscrire."),
        ("Nothing needs doing.", "Il n’y a rien à faire."),
        can_retry=False,
    ),
    _e(
        "PAYMENT-CURRENCY",
        ("This payment is in {currency}, its order in {sale}.",
         "Ce paiement est en {currency}, sa commande en {sale}."),
        ("Only a payment in the same currency can be applied to it.",
         "Seul un paiement dans la même devise peut y être affecté."),
        ("Enter this payment in the books by hand.", "Inscrivez ce paiement à la main dans les livres."),
    ),
    _e(
        "PAYMENT-OVER",
        ("{unapplied} {currency} of this payment are not applied.",
         "{unapplied} {currency} de ce paiement ne sont pas affectés."),
        ("It is more than what was still open.", "C’est plus que ce qui restait ouvert."),
        ("Apply the rest in the books, or refund it.", "Affectez le reste dans les livres, ou remboursez-le."),
        can_retry=False,
    ),
    _e(
        "PAYMENTS-OFF",
        ("This payment is not written: payments are off.",
         "Ce paiement n’est pas inscrit : les paiements sont désactivés."),
        ("You chose to leave documents open in the books.",
         "Vous avez choisi de laisser les documents ouverts dans les livres."),
        ("Turn payments on in the settings if they should be recorded.",
         "Activez les paiements dans les réglages s’ils doivent être inscrits."),
        can_retry=False,
    ),
    _e(
        "PAYMENT-IN-RECEIPT",
        ("This payment is already in its sales receipt.", "Ce paiement est déjà dans son reçu de vente."),
        ("A sales receipt says that the money came in; a payment beside it would double it.",
         "Un reçu de vente dit que l’argent est reçu ; un paiement à côté le doublerait."),
        ("Nothing needs doing.", "Il n’y a rien à faire."),
        can_retry=False,
    ),
    _e(
        "RECEIPT-NOT-PAID",
        ("{balance} {currency} of this order are not paid yet, but it was written as a sales receipt.",
         "{balance} {currency} de cette commande restent à payer, mais elle a été inscrite comme reçu de vente."),
        ("Your settings make every order a sales receipt, which says that all is paid.",
         "Vos réglages font de chaque commande un reçu de vente, qui dit que tout est payé."),
        ("Read only paid orders, or let orders become invoices.",
         "Ne lisez que les commandes payées, ou faites-en des factures."),
        can_retry=False,
    ),
    _e(
        "SALE-NOT-TOLD",
        ("Document {number} names no order.", "Le document {number} ne nomme pas de commande."),
        ("A payment or a refund belongs to an order.",
         "Un paiement ou un remboursement appartient à une commande."),
        ("Enter it in the books by hand.", "Inscrivez-le à la main dans les livres."),
    ),
    _e(
        "REFUND-TOO-LARGE",
        ("This refund of {total} {currency}, with {refunded} given back before, is more than the order’s {sale}.",
         "Ce remboursement de {total} {currency}, avec {refunded} déjà rendus, dépasse les {sale} de la commande."),
        ("It would leave the customer with more than was paid.",
         "Il laisserait au client plus que ce qui a été payé."),
        ("Check the refunds of this order in the shop; a goodwill gift is entered by hand.",
         "Vérifiez les remboursements de cette commande dans la boutique ; un geste commercial s’inscrit à la main."),
    ),
    _e(
        "SALE-CANCELLED",
        ("Order {number} was cancelled in the shop.", "La commande {number} a été annulée dans la boutique."),
        ("Its document in the books is voided or flagged, as your settings say.",
         "Son document dans les livres est annulé ou marqué, selon vos réglages."),
        _AS_IT_IS,
        can_retry=False,
    ),
)  # fmt: skip

POSTING = (*_ITEMS, *_TAXES, *_TOTALS, *_HEADERS, *_PAYMENTS)
