"""What the invented garage is in every stand-in: its customers, and the parts its books and its shop both list."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.worlds import Person, people

NAME = "Garage Point-Mort inc. (fictif)"
FIRST, LAST = 150, 270


@dataclass(frozen=True, slots=True)
class Ware:
    """A part or a tire: its number, its name in French and in English, what it sells for and costs, in cents."""

    number: str
    name: str
    english: str
    retail: int
    cost: int


PARTS = tuple(
    Ware(*row)
    for row in (
        ("FR-1001", "Plaquettes de frein avant", "Brake pad set, front", 8995, 4420),
        ("FR-1002", "Plaquettes de frein arrière", "Brake pad set, rear", 7995, 3980),
        ("FR-1101", "Disque de frein avant", "Brake rotor, front", 11450, 6210),
        ("FR-1102", "Disque de frein arrière", "Brake rotor, rear", 9875, 5300),
        ("FR-1201", "Liquide de frein DOT 4", "Brake fluid DOT 4", 1495, 610),
        ("HU-2001", "Huile 0W-20 synthétique (L)", "Synthetic oil 0W-20 (L)", 1149, 525),
        ("HU-2002", "Huile 5W-30 synthétique (L)", "Synthetic oil 5W-30 (L)", 1089, 498),
        ("HU-2101", "Filtre à huile", "Oil filter", 1295, 480),
        ("HU-2102", "Filtre à huile, cartouche", "Oil filter, cartridge", 1875, 790),
        ("AI-3001", "Filtre à air", "Air filter", 3295, 1420),
        ("AI-3002", "Filtre d'habitacle", "Cabin filter", 3895, 1705),
        ("AL-4001", "Bougie d'allumage iridium", "Iridium spark plug", 2149, 1012),
        ("AL-4002", "Bobine d'allumage", "Ignition coil", 8450, 4630),
        ("BA-5001", "Batterie 48", "Battery 48", 18995, 11200),
        ("BA-5002", "Batterie 35 AGM", "Battery 35 AGM", 27995, 17150),
        ("ES-6001", "Balai d'essuie-glace 22 po", "Wiper blade 22 in", 2395, 980),
        ("ES-6002", "Balai d'essuie-glace 18 po", "Wiper blade 18 in", 2195, 905),
        ("ES-6101", "Lave-glace -45 (3,78 L)", "Washer fluid -45 (3.78 L)", 599, 240),
        ("SU-7001", "Amortisseur avant", "Strut, front", 16475, 9320),
        ("SU-7002", "Amortisseur arrière", "Shock, rear", 13950, 7840),
        ("SU-7101", "Rotule inférieure", "Ball joint, lower", 7425, 3510),
        ("SU-7102", "Biellette de barre stabilisatrice", "Sway bar link", 4650, 2015),
        ("SU-7201", "Roulement de roue", "Wheel bearing", 14380, 7905),
        ("EC-8001", "Silencieux arrière", "Muffler, rear", 21450, 12600),
        ("EC-8002", "Sonde à oxygène", "Oxygen sensor", 12475, 6640),
        ("RE-9001", "Antigel (3,78 L)", "Antifreeze (3.78 L)", 2695, 1180),
        ("RE-9002", "Thermostat", "Thermostat", 3745, 1630),
        ("RE-9003", "Pompe à eau", "Water pump", 13895, 7520),
        ("LU-9101", "Ampoule H11", "Bulb H11", 1845, 720),
        ("LU-9102", "Ampoule 7443", "Bulb 7443", 645, 210),
    )
)
TIRES = tuple(
    Ware(*row)
    for row in (
        ("PN-2056516", "Pneu d'hiver 205/65R16", "Winter tire 205/65R16", 15495, 10850),
        ("PN-2156017", "Pneu d'hiver 215/60R17", "Winter tire 215/60R17", 18250, 12990),
        ("PN-2256517", "Pneu d'hiver 225/65R17", "Winter tire 225/65R17", 19475, 13700),
        ("PE-2055516", "Pneu d'été 205/55R16", "Summer tire 205/55R16", 13995, 9600),
        ("PE-2254518", "Pneu d'été 225/45R18", "Summer tire 225/45R18", 21050, 15125),
        ("PQ-2656017", "Pneu quatre saisons 265/60R17", "All season tire 265/60R17", 23990, 17040),
    )
)


def customers() -> tuple[Person, ...]:
    """The people the garage knows."""
    return people()[FIRST:LAST]
