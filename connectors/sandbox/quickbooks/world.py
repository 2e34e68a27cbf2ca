"""The invented companies and their books.

World `demo`: a cabinet maker in Québec (CAD, TPS and TVQ), a garden shop in Vermont (USD), a small café, a garage.
World `empty`: the same companies with their accounts, taxes and terms, but no customers and no documents.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from connectors.sandbox import garage, worlds
from connectors.sandbox.core import Clock, Document, SandboxError
from connectors.sandbox.quickbooks import writes
from connectors.sandbox.quickbooks.books import Books, Emit, silent
from connectors.sandbox.quickbooks.errors import PACIFIC, stamp
from connectors.sandbox.quickbooks.sales import cents

QUEBEC = "9130000000000001"
VERMONT = "9130000000000002"
CAFE = "9130000000000003"
GARAGE = "9130000000000004"

DEMO_DAYS = 425  # fourteen months
ACCOUNTS = (
    ("Chequing", "Bank", "Checking"),
    ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("Inventory Asset", "Other Current Asset", "Inventory"),
    ("Online clearing", "Other Current Asset", "OtherCurrentAssets"),
    ("GST/HST and QST Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("Services", "Income", "ServiceFeeIncome"),
    ("Discounts given", "Income", "DiscountsRefundsGiven"),
    ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("Merchant fees", "Expense", "BankCharges"),
    ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
)
_FRENCH_ACCOUNTS = {
    "Chequing": "Compte-chèques",
    "Accounts Receivable (A/R)": "Comptes clients (C/C)",
    "Undeposited Funds": "Fonds non déposés",
    "Inventory Asset": "Stocks",
    "Online clearing": "Encaissements en ligne",
    "GST/HST and QST Payable": "TPS/TVQ à payer",
    "Sales of Product Income": "Ventes de produits",
    "Services": "Services rendus",
    "Discounts given": "Rabais accordés",
    "Cost of Goods Sold": "Coût des marchandises vendues",
    "Merchant fees": "Frais de cartes",
    "Opening Balance Equity": "Solde d'ouverture",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What sets one company apart."""

    realm: str
    name: str
    country: str
    currency: str
    language: str
    city: str
    region: str
    postcode: str


SETUPS = (
    Setup(QUEBEC, "Atelier Boréal inc. (fictif)", "CA", "CAD", "fr", "Trois-Rivières", "QC", "G9A 1A1"),
    Setup(VERMONT, "Pinecrest Garden Supply LLC (invented)", "US", "USD", "en", "Springvale", "VT", "05099"),
    Setup(CAFE, "Café du Coin Imaginaire enr. (fictif)", "CA", "CAD", "fr", "Québec", "QC", "G1K 1A1"),
    Setup(GARAGE, garage.NAME, "CA", "CAD", "fr", "Trois-Rivières", "QC", "G9A 1B2"),
)


def companies(name: str, clock: Clock, emit: Emit) -> dict[str, Books]:
    """The companies of a world by realm. Raises `SandboxError` for a world that does not exist."""
    if name not in ("demo", "empty"):
        raise SandboxError(f"unknown world {name!r}")
    now = clock.now()
    found: dict[str, Books] = {}
    for setup in SETUPS:
        books = Books(setup.realm, clock, company_info(setup, now), preferences(setup, now), silent)
        books.at = now - timedelta(days=DEMO_DAYS + 30)
        _lists(books, setup)
        if name == "demo":
            _Trade(books, setup, now).play()
        books.at = None
        books.emit = emit
        found[setup.realm] = books
    return found


def company_info(setup: Setup, now: datetime) -> Document:
    """`CompanyInfo`; its own Id is "1" in every company."""
    started = now - timedelta(days=1500)
    address = {
        "Id": "1",
        "Line1": "1, rue Fictive" if setup.language == "fr" else "1 Madeup Lane",
        "City": setup.city,
        "Country": "Canada" if setup.country == "CA" else "USA",
        "CountrySubDivisionCode": setup.region,
        "PostalCode": setup.postcode,
    }
    return {
        "CompanyName": setup.name,
        "LegalName": setup.name,
        "CompanyAddr": address,
        "CustomerCommunicationAddr": address,
        "LegalAddr": address,
        "CustomerCommunicationEmailAddr": {"Address": f"compta@{worlds.plain(setup.name)[:24]}.example"},
        "PrimaryPhone": {"FreeFormNumber": "819 555-0199"},
        "CompanyStartDate": started.date().isoformat(),
        "FiscalYearStartMonth": "January",
        "Country": setup.country,
        "Email": {"Address": f"compta@{worlds.plain(setup.name)[:24]}.example"},
        "WebAddr": {},
        "SupportedLanguages": setup.language,
        "DefaultTimeZone": "America/Toronto",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "IndustryType", "Value": "Retail"},
            {"Name": "SubscriptionStatus", "Value": "PAID"},
            {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
            {"Name": "ItemCategoriesFeature", "Value": "true"},
            {"Name": "PayrollFeature", "Value": "false"},
        ],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "4",
        "MetaData": {"CreateTime": stamp(started), "LastUpdatedTime": stamp(now - timedelta(days=400))},
    }


def preferences(setup: Setup, now: datetime) -> Document:
    """`Preferences` of a Plus company with classes per line, locations and inventory."""
    started = stamp(now - timedelta(days=1500))
    custom = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{at}", "Type": "BooleanType", "BooleanValue": at == 1}
        for at in (1, 2, 3)
    ]
    label = {"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Commande web"}
    return {
        "AccountingInfoPrefs": {
            "UseAccountNumbers": False,
            "TrackDepartments": True,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "FirstMonthOfFiscalYear": "January",
            "TaxYearMonth": "January",
            "CustomerTerminology": "Clients" if setup.language == "fr" else "Customers",
            "DepartmentTerminology": "Location",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": {
            "CustomField": [{"CustomField": custom}, {"CustomField": [label]}],
            "CustomTxnNumbers": False,
            "AllowDeposit": True,
            "AllowDiscount": True,
            "AllowEstimates": True,
            "AllowServiceDate": False,
            "AllowShipping": True,
            "AutoApplyCredit": False,
            "AutoApplyPayments": False,
            "DefaultTerms": {"value": "3"},
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": False},
        "TimeTrackingPrefs": {"UseServices": False, "BillCustomers": False},
        "TaxPrefs": {"UsingSalesTax": True, **({"PartnerTaxEnabled": False} if setup.country == "US" else {})},
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": setup.currency}},
        "ReportPrefs": {"ReportBasis": "Accrual"},
        "OtherPrefs": {
            "NameValue": [
                {"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"},
                {"Name": "WarnDuplicateCheckNumber", "Value": "true"},
            ]
        },
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "2",
        "MetaData": {"CreateTime": started, "LastUpdatedTime": started},
    }


# Lists every company has


def _lists(books: Books, setup: Setup) -> None:
    for name, kind, subtype in ACCOUNTS:
        label = _FRENCH_ACCOUNTS[name] if setup.language == "fr" else name
        writes.create(books, "Account", {"Name": label, "AccountType": kind, "AccountSubType": subtype})
    cheque = "Chèque" if setup.language == "fr" else "Check"
    for name, kind in ((cheque, "NON_CREDIT_CARD"), ("Visa", "CREDIT_CARD"), ("MasterCard", "CREDIT_CARD")):
        writes.create(books, "PaymentMethod", {"Name": name, "Type": kind})
    cash = ("Comptant", "Interac") if setup.language == "fr" else ("Cash", "ACH")
    for name in (*cash, "PayPal"):
        writes.create(books, "PaymentMethod", {"Name": name, "Type": "NON_CREDIT_CARD"})
    for name, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60)):
        label = name if setup.language == "en" else {"Due on receipt": "Sur réception"}.get(name, name)
        writes.create(books, "Term", {"Name": label, "DueDays": days})
    for name in ("Boutique", "Atelier", "Web") if setup.language == "fr" else ("Store", "Yard", "Web"):
        writes.create(books, "Class", {"Name": name})
    for name in ("Trois-Rivières", "Québec") if setup.language == "fr" else ("Springvale", "Fairmock"):
        writes.create(books, "Department", {"Name": name})
    (_quebec_taxes if setup.country == "CA" else _us_taxes)(books)
    writes.create(
        books,
        "Vendor",
        {"DisplayName": "Bois & Cie Imaginaire" if setup.language == "fr" else "Invented Seed Co."},
    )


def _put(books: Books, entity: str, document: Document) -> str:
    """Store a list object the interface itself cannot create."""
    document.setdefault("Id", books.new_id(entity))
    return str(books.save(entity, books.fresh(document), None)["Id"])


def _rate(books: Books, name: str, value: str, agency: str) -> str:
    since = "2013-01-01T00:00:00-08:00"
    return _put(
        books,
        "TaxRate",
        {
            "Name": name,
            "Description": name,
            "Active": True,
            "RateValue": Decimal(value),
            "AgencyRef": {"value": agency},
            "EffectiveTaxRate": [{"RateValue": Decimal(value), "EffectiveDate": since}],
            "SpecialTaxType": "ZERO_RATE" if value == "0" else "NONE",
            "DisplayType": "ReadOnly",
        },
    )


def _code(books: Books, name: str, description: str, rates: Sequence[str], *, taxable: bool = True) -> str:
    entries = [{"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for rate in rates]
    return _put(
        books,
        "TaxCode",
        {
            "Name": name,
            "Description": description,
            "Active": True,
            "Hidden": False,
            "Taxable": taxable,
            "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": entries},
            "PurchaseTaxRateList": {"TaxRateDetail": entries},
            "TaxCodeConfigType": "SYSTEM_GENERATED",
        },
    )


def _agency(books: Books, name: str) -> str:
    return _put(
        books,
        "TaxAgency",
        {
            "DisplayName": name,
            "TaxTrackedOnSales": True,
            "TaxTrackedOnPurchases": True,
            "TaxRegistrationNumber": "000000000 RT0001",
            "TaxAgencyConfig": "SYSTEM_GENERATED",
        },
    )


def _quebec_taxes(books: Books) -> None:
    """Codes in a fixed order: "1" TPS/TVQ, "2" TPS alone, "3" zero-rated, "4" exempt, "5" TVH of Ontario."""
    federal = _agency(books, "Agence du revenu du Canada")
    provincial = _agency(books, "Revenu Québec")
    tps = _rate(books, "TPS", "5", federal)
    tvq = _rate(books, "TVQ", "9.975", provincial)
    zero = _rate(books, "TPS/TVQ 0 %", "0", federal)
    _code(books, "TPS/TVQ QC - 9,975", "TPS/TVQ QC - 9,975", (tps, tvq))
    _code(books, "TPS", "TPS 5 %", (tps,))
    _code(books, "Détaxé", "Détaxé", (zero,))
    _code(books, "Exonéré", "Exonéré", (), taxable=False)
    _code(books, "TVH ON", "TVH ON 13 %", (_rate(books, "TVH ON", "13", federal),))


def _us_taxes(books: Books) -> None:
    """A state rate and the two pseudo codes lines carry."""
    state = _agency(books, "Vermont Department of Taxes")
    rate = _rate(books, "Vermont", "6", state)
    code = _code(books, "Vermont", "Vermont sales tax", (rate,))
    for name, taxable in (("TAX", True), ("NON", False)):
        _put(
            books,
            "TaxCode",
            {"Id": name, "Name": name, "Description": name, "Active": True, "Taxable": taxable, "TaxGroup": False},
        )
    books.preferences["TaxPrefs"]["TaxGroupCodeRef"] = {"value": code}


# Demo


_FRENCH_GOODS = (
    "Table d'érable",
    "Chaise berçante",
    "Étagère murale",
    "Tabouret de bar",
    "Planche à découper",
    "Coffre en cèdre",
    "Banc d'entrée",
    "Cadre de miroir",
    "Porte-manteau",
    "Bol tourné",
)
_FRENCH_SERVICES = (
    "Conception sur mesure",
    "Installation",
    "Livraison locale",
    "Restauration de meuble",
    "Affûtage",
    "Consultation à domicile",
)
_ENGLISH_GOODS = ("Seed mix", "Trowel", "Raised bed", "Watering can", "Compost bag", "Trellis")
_ENGLISH_SERVICES = ("Garden design", "Spring clean-up", "Delivery")
_FINISHES = ("naturel", "noyer", "blanc", "noir", "miel")
_SIZES = ("small", "large")


class _Trade:
    """Plays the months of trading of one company, from the oldest day to the newest; the dice are seeded."""

    def __init__(self, books: Books, setup: Setup, now: datetime) -> None:
        self.books = books
        self.setup = setup
        self.now = now
        self.today = now.astimezone(PACIFIC).date()
        self.dice = random.Random(int(setup.realm) % 997)  # noqa: S311 - invention, not secrecy
        self.items: list[Document] = []
        self.customers: list[str] = []

    def play(self) -> None:
        """Quebec in full, Vermont about a tenth, the café hardly started, the garage before its shop is connected."""
        size = {QUEBEC: (270, 900), VERMONT: (60, 110), CAFE: (12, 20), GARAGE: (100, 30)}[self.setup.realm]
        (self._garage_items if self.setup.realm == GARAGE else self._items)()
        self._customers(size[0])
        self._documents(size[1])
        self._inactive(size[0] // 30)

    def _at(self, day: date) -> None:
        """Business hours of a day, never after the present."""
        noon = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
        self.books.at = min(
            noon + timedelta(seconds=self.dice.randrange(6 * 3600)),
            self.now - timedelta(minutes=self.dice.randrange(5, 60)),
        )

    # Items

    def _items(self) -> None:
        french = self.setup.language == "fr"
        self._at(self.today - timedelta(days=DEMO_DAYS + 5))
        goods: Sequence[str] = _FRENCH_GOODS if french else _ENGLISH_GOODS
        services: Sequence[str] = _FRENCH_SERVICES if french else _ENGLISH_SERVICES
        if self.setup.realm == CAFE:
            goods, services = goods[:2], services[:1]
        category = self._item({"Name": "Meubles" if french else "Garden", "Type": "Category"})
        for at, name in enumerate(services):
            self._item(
                {"Name": name, "Type": "Service", "Sku": f"SRV-{at + 1:02d}", **self._priced(45, 120, "Services")}
            )
        for at, name in enumerate(goods):
            for finish, word in enumerate(_FINISHES if french else _SIZES):
                stocked = finish == 0
                self._item(
                    {
                        "Name": f"{name} ({word})",
                        "Sku": f"{worlds.plain(name)[:4].upper()}-{at + 1:02d}{finish + 1}",
                        "Description": f"{name}, {word}",
                        "Type": "Inventory" if stocked else "NonInventory",
                        **self._priced(18, 640, "Sales of Product Income"),
                        **(self._stock() if stocked else {}),
                        **({"SubItem": True, "ParentRef": {"value": category}} if stocked else {}),
                    }
                )
        for name in ("Emballage cadeau", "Carte de souhaits", "Bon-cadeau") if french else ("Gift wrap",):
            self._item({"Name": name, "Type": "NonInventory", **self._priced(4, 9, "Sales of Product Income")})

    def _garage_items(self) -> None:
        """Most parts the shop stocks, three it does not; of the items its line types need, two are missing."""
        self._at(self.today - timedelta(days=DEMO_DAYS + 5))
        income = {"IncomeAccountRef": self._account("Services"), "Taxable": True, "SalesTaxCodeRef": {"value": "1"}}
        for name in ("Labor", "Part", "Subcontract", "Shop Supplies", "Fees"):
            kind = "Service" if name == "Labor" else "NonInventory"
            self._item({"Name": f"Shopmonkey {name}", "Type": kind, "UnitPrice": 0, **income})
        self.items.clear()  # those are for the shop's lines only: nothing was sold with them yet
        wares = [ware for at, ware in enumerate(garage.PARTS) if at % 5 != 3]
        wares += [garage.Ware("BK-0001", "Chaîne de remorquage", "Tow chain", 4995, 2300)]
        wares += [
            garage.Ware("BK-0002", "Désodorisant", "Air freshener", 399, 120),
            garage.Ware("BK-0003", "Grattoir", "Ice scraper", 899, 310),
        ]
        for at, ware in enumerate(wares):
            body: Document = {
                "Name": ware.name,
                "Sku": ware.number,
                **self._priced(4, 280, "Sales of Product Income"),
                "UnitPrice": Decimal(ware.retail) / 100,
                "PurchaseCost": Decimal(ware.cost) / 100,
                "Type": "NonInventory" if at % 4 == 3 else "Inventory",
            }
            self._item({**body, **(self._stock() if body["Type"] == "Inventory" else {})})

    def _item(self, body: Document) -> str:
        if body["Type"] == "Category":
            return _put(
                self.books,
                "Item",
                {**body, "FullyQualifiedName": body["Name"], "Active": True, "TrackQtyOnHand": False},
            )
        item = writes.create(self.books, "Item", body)
        self.items.append(item)
        return str(item["Id"])

    def _priced(self, low: int, high: int, account: str) -> Document:
        price = Decimal(self.dice.randrange(low * 100, high * 100, 5)) / 100
        body: Document = {
            "UnitPrice": cents(price),
            "PurchaseCost": cents(price * Decimal("0.45")),
            "Taxable": True,
            "IncomeAccountRef": self._account(account),
            "ExpenseAccountRef": self._account("Cost of Goods Sold"),
        }
        if self.setup.country == "CA":
            body.update(SalesTaxCodeRef={"value": "1"}, PurchaseTaxCodeRef={"value": "1"})
        return body

    def _stock(self) -> Document:
        return {
            "TrackQtyOnHand": True,
            "QtyOnHand": self.dice.randrange(40, 400),
            "InvStartDate": (self.today - timedelta(days=DEMO_DAYS + 10)).isoformat(),
            "AssetAccountRef": self._account("Inventory Asset"),
        }

    def _account(self, name: str) -> Document:
        at = [account[0] for account in ACCOUNTS].index(name)
        return {"value": str(at + 1)}

    # Customers

    def _customers(self, count: int) -> None:
        people = worlds.people() if self.setup.country == "CA" else worlds.us_people()
        people = people[-count:] if self.setup.realm == CAFE else people[:count]
        if self.setup.realm == GARAGE:
            people = garage.customers()[:count]
        for at, person in enumerate(people):
            self._at(self.today - timedelta(days=DEMO_DAYS - at * DEMO_DAYS // (2 * count)))
            name = person.company or f"{person.given_name} {person.family_name}"
            if self.books.holder(name):
                name = f"{name} ({person.city})"
            body: Document = {
                "DisplayName": name,
                "GivenName": person.given_name,
                "FamilyName": person.family_name,
                "PrimaryPhone": {"FreeFormNumber": person.phone},
                "BillAddr": {
                    "Line1": person.street,
                    "City": person.city,
                    "CountrySubDivisionCode": person.region,
                    "PostalCode": person.postcode,
                    "Country": "Canada" if person.country == "CA" else "USA",
                },
                "PreferredDeliveryMethod": "Email" if person.email else "Print",
            }
            if person.company:
                body["CompanyName"] = person.company
            if person.email:
                body["PrimaryEmailAddr"] = {"Address": self._address(at, person)}
            if at % 9 == 0:
                body["Notes"] = "Préfère le courriel." if person.language == "fr" else "Prefers e-mail."
            if at % 17 == 3:
                body["Mobile"] = {"FreeFormNumber": person.phone.replace("555-01", "555-019")[:12]}
            if at % 41 == 40 and self.customers:
                body.update(Job=True, ParentRef={"value": self.customers[-1]}, DisplayName=f"{name} (chantier)")
            customer = writes.create(self.books, "Customer", body)
            self.customers.append(str(customer["Id"]))

    def _address(self, at: int, person: worlds.Person) -> str:
        """Now and then a bookkeeper put two addresses into one field, or capitals, or a space."""
        if at % 37 == 5:
            return f"{person.email}, comptes{at}@courriel.example"
        return person.email.upper() if at % 53 == 9 else person.email

    def _inactive(self, count: int) -> None:
        """Some who owe nothing have been made inactive."""
        self._at(self.today - timedelta(days=20))
        left = count
        for id in self.customers[::-1]:
            customer = self.books.require("Customer", id)
            if left and not customer["Balance"] and "ParentRef" not in customer:
                left -= 1
                token = customer["SyncToken"]
                writes.update(self.books, "Customer", {"Id": id, "SyncToken": token, "sparse": True, "Active": False})

    # Documents

    def _documents(self, count: int) -> None:
        """`count` invoices, receipts, payments and credit memos, plus a few refunds, day after day."""
        made = 0
        sales = max(1, int(count / 1.55))
        for at in range(sales):
            day = self.today - timedelta(days=DEMO_DAYS - 2 - at * (DEMO_DAYS - 2) // sales)
            made += self._sale(at, day)
        rest = max(0, count - made)
        for at in range(rest):
            day = self.today - timedelta(days=(rest - at) * 60 // max(1, rest))
            self._at(day)
            writes.create(self.books, "SalesReceipt", self._body(day, at))

    def _sale(self, at: int, day: date) -> int:
        """One sale with what follows from it; how many documents that made."""
        self._at(day)
        if at % 3 == 2:
            receipt = writes.create(self.books, "SalesReceipt", {**self._body(day, at), **self._paid_by()})
            return 1 + self._refund(at, day, receipt)
        body = {**self._body(day, at), "SalesTermRef": {"value": self.dice.choice(("1", "2", "3"))}}
        invoice = writes.create(self.books, "Invoice", body)
        if at % 61 == 30:
            writes.void(self.books, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]})
            return 1
        return 1 + self._settle(at, day, invoice)

    def _settle(self, at: int, day: date, invoice: Document) -> int:
        """Most are paid, some in part, some not yet, a few credited."""
        paid_on = day + timedelta(days=self.dice.randrange(1, 40))
        if paid_on > self.today or at % 11 == 4 or not invoice["TotalAmt"]:
            return 0
        self._at(paid_on)
        made, amount = 0, invoice["Balance"]
        if at % 19 == 6:
            made += self._credit(paid_on, invoice)
            amount = self.books.require("Invoice", invoice["Id"])["Balance"]
        elif at % 13 == 5:
            amount = cents(amount * Decimal("0.4"))
        if not amount:
            return made
        link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        extra = Decimal(25) if at % 47 == 9 else Decimal(0)
        writes.create(
            self.books,
            "Payment",
            {
                "CustomerRef": invoice["CustomerRef"],
                "TotalAmt": amount + extra,
                "TxnDate": paid_on.isoformat(),
                "Line": [{"Amount": amount, "LinkedTxn": [link]}],
                **self._paid_by(),
            },
        )
        return made + 1

    def _credit(self, day: date, invoice: Document) -> int:
        """A credit memo for the first line, applied to the invoice."""
        line = {name: value for name, value in invoice["Line"][0].items() if name not in ("Id", "LineNum")}
        body = self._common(day, invoice["CustomerRef"]["value"])
        body.update(Line=[line], PrivateNote=f"Retour, facture {invoice['DocNumber']}")
        memo = writes.create(self.books, "CreditMemo", body)
        amount = min(memo["Balance"], invoice["Balance"])
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}
            for id, kind in ((invoice["Id"], "Invoice"), (memo["Id"], "CreditMemo"))
        ]
        body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 0, "TxnDate": day.isoformat(), "Line": lines}
        writes.create(self.books, "Payment", body)
        return 2

    def _refund(self, at: int, day: date, receipt: Document) -> int:
        if at % 45 != 8 or day + timedelta(days=4) > self.today:
            return 0
        self._at(day + timedelta(days=4))
        line = {name: value for name, value in receipt["Line"][0].items() if name not in ("Id", "LineNum")}
        body = self._common(day + timedelta(days=4), receipt["CustomerRef"]["value"])
        note = f"Remboursement, reçu {receipt['DocNumber']}"
        body.update(Line=[line], DepositToAccountRef=self._account("Chequing"), PrivateNote=note)
        writes.create(self.books, "RefundReceipt", body)
        return 1

    def _paid_by(self) -> Document:
        return {
            "PaymentMethodRef": {"value": self.dice.choice(("1", "2", "3", "5", "6"))},
            "PaymentRefNum": str(self.dice.randrange(10_000, 99_999)),
        }

    def _common(self, day: date, customer: str) -> Document:
        body: Document = {"TxnDate": day.isoformat(), "CustomerRef": {"value": customer}}
        if self.setup.country == "CA":
            body["GlobalTaxCalculation"] = "TaxExcluded"
        return body

    def _body(self, day: date, at: int) -> Document:
        """Lines, customer, taxes of an ordinary sale."""
        # Few customers buy often, most seldom, and some never.
        reach = len(self.customers) * 9 // 10
        customer = self.customers[int(reach * self.dice.random() ** 1.7)]
        body = self._common(day, customer)
        body["Line"] = [self._line() for _ in range(self.dice.choice((1, 1, 2, 2, 3, 4)))]
        body["DepartmentRef"] = {"value": self.dice.choice(("1", "2"))}
        if at % 14 == 3:
            percent = {"PercentBased": True, "DiscountPercent": 10}
            discount = {**percent, "DiscountAccountRef": self._account("Discounts given")}
            body["Line"].append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": discount})
        email = (self.books.require("Customer", customer).get("PrimaryEmailAddr") or {}).get("Address")
        if email and at % 2:
            body.update(BillEmail={"Address": email}, EmailStatus="EmailSent")
        if self.setup.country == "US":
            body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": "1"}}
        return body

    def _line(self) -> Document:
        item = self.dice.choice(self.items)
        count, price = self.dice.choice((1, 1, 1, 2, 3)), item["UnitPrice"]
        code = "TAX" if self.setup.country == "US" else self.dice.choice(("1", "1", "1", "1", "1", "1", "1", "4"))
        return {
            "Description": item.get("Description", item["Name"]),
            "Amount": cents(price * count),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": item["Id"]},
                "ClassRef": {"value": self.dice.choice(("1", "2", "3"))},
                "UnitPrice": price,
                "Qty": count,
                "TaxCodeRef": {"value": code},
            },
        }
