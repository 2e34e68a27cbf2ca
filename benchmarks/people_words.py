"""Names, streets and places of the invented customers, most frequent first where order matters.

Common knowledge, from no one list; the matcher's own tables were not looked at for these, nor these for them.
"""
# ruff: noqa: E501, SIM905

# fmt: off
MEN_FR = """Jean Michel Pierre André Claude Daniel Marc Robert François Louis Jacques Gilles Denis Alain Yves Guy Sylvain Martin
Stéphane Éric Mario Luc Patrick Richard Serge Réjean Gaétan Benoît Pascal Christian Sébastien Mathieu Alexandre Maxime Simon
Étienne Frédéric Guillaume Nicolas Olivier Jonathan David Vincent Philippe Hugo Antoine Gabriel Samuel Félix Thomas William Raphaël
Émile Léo Nathan Noé Jérôme Bruno Yvon Normand Raymond Roger Marcel Gérard Fernand Rolland Laurent Henri Paul Charles Georges Émilien
Jean-Pierre Jean-François Jean-Guy Jean-Claude Jean-Paul Jean-Philippe Jean-Sébastien Pierre-Luc Marc-André Marc-Antoine
Charles-Étienne Louis-Philippe Pierre-Olivier Jean-Marc Jean-Yves Paul-Émile""".split()
WOMEN_FR = """Marie Louise Nicole Sylvie Diane Lise Johanne Monique Francine Louise Linda Manon Chantal Nathalie Isabelle Julie
Annie Mélanie Caroline Martine Josée Lucie Hélène Ginette Jocelyne Suzanne Denise Pierrette Claudette Line Lyne Carole Céline Danielle
Michèle Micheline Guylaine France Brigitte Véronique Karine Stéphanie Geneviève Catherine Émilie Valérie Sophie Audrey Jessica
Vanessa Camille Gabrielle Laurence Sarah Léa Jade Rosalie Florence Juliette Charlotte Alice Emma Zoé Béatrice Élise Éloïse Noémie
Élisabeth Thérèse Jeannine Rita Yvette Gisèle Rollande Huguette Lucienne Simone Madeleine Colette Solange Réjeanne Cécile
Marie-Claude Marie-Ève Marie-Josée Marie-France Anne-Marie Marie-Pier Marie-Andrée Marie-Hélène Ève-Marie Anne-Sophie
Marie-Soleil Lise-Anne""".split()
MEN_EN = """John Michael David Robert James William Richard Thomas Peter Paul Mark Steven Stephen Brian Kevin Andrew Christopher Daniel
Matthew Anthony Edward Charles George Kenneth Donald Ronald Gary Scott Jeffrey Gregory Timothy Joseph Patrick Douglas Raymond
Lawrence Gerald Walter Frederick Henry Arthur Albert Samuel Benjamin Nicholas Alexander Jonathan Joshua Jacob Ryan Adam Eric Jason
Justin Nathan Zachary Bradley Philip Phillip Theodore Harold Leonard Eugene Russell Vincent Francis Martin Keith Craig Ian Neil Sean
Shawn Shaun Geoffrey Allan Alan Allen Bruce Wayne Dennis Leo Oliver Ethan Liam Noah Lucas Logan""".split()
WOMEN_EN = """Mary Jennifer Elizabeth Susan Patricia Linda Barbara Margaret Karen Nancy Sarah Jessica Catherine Katherine Kathleen Sandra
Deborah Debra Donna Carol Sharon Michelle Laura Kimberly Lisa Angela Melissa Rebecca Cynthia Amanda Stephanie Christine
Christina Victoria Pamela Judith Judy Dorothy Helen Ruth Ann Anne Anna Emily Rachel Samantha Alexandra Abigail Olivia Sophia
Charlotte Amelia Grace Heather Heidi Julia Julie Joan Joanne Janet Jane Jean Frances Florence Eleanor Theresa Teresa Virginia
Valerie Wendy Tracy Tracey Vanessa Veronica Madison Hannah Megan Meghan Lauren Nicole Natalie Beverly Gail Gwen""".split()
FAMILIES_FR = """Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Gagné Ouellet Pelletier Bélanger Lévesque Bergeron Leblanc
Paquette Girard Simard Boucher Caron Beaulieu Cloutier Dubé Poirier Fournier Lapointe Leclerc Lefebvre Poulin Thibault St-Pierre
Nadeau Martel Landry Martin Bédard Grenier Lessard Bernier Richard Michaud Hébert Desjardins Couture Turcotte Lachance Parent Blais
Gosselin Savard Proulx Beaudoin Demers Perreault Boudreau Lemieux Cyr Perron Dufour Dion Mercier Bolduc Bérubé Boisvert Langlois
Ménard Therrien Plante Bilodeau Dubois Champagne Paradis Fortier Arsenault Dupuis Gaudreault Hamel Houle Villeneuve Rousseau
Gravel Thériault Lemay Robert Allard Deschênes Giroux Guay Leduc Boivin Charbonneau Lambert Raymond Vachon Gilbert Audet Jean
Larouche Legault Trudel Fontaine Picard Labelle Lacroix Jacques Moreau Carrier Bernard Desrosiers Goulet Renaud Dionne Lapierre
Vaillancourt Fillion Lalonde Tessier Bertrand Tardif Lepage Gingras Benoit Rioux Giguère Drouin Harvey Lauzon Nguyen Gendron Boutin
Laflamme Vallée Dumont Breton Paré Paquin Robitaille Gélinas Duchesne Lussier Séguin Veilleux Potvin Gervais Pépin Laroche
Morissette Charron Lavallée Laplante Chabot Brunet Vézina Desrochers Labrecque Coulombe Tanguay Chouinard Noël Pouliot Lacasse
Daigle Marcoux Lamontagne Turgeon Larocque Roberge Auger Masse Pilon Racine Dallaire Émond Grégoire Beauregard Smith Denis Lebel
Blouin Martineau Labbé Beauchamp St-Onge Charette Dupont Létourneau Rodrigue Cormier Rivard Mathieu Asselin St-Jean Plourde
Thibodeau Bélisle St-Laurent Godbout Desbiens Lavigne Doucet Labonté Marchand Brassard Forget Patel Marcotte Béland Larose
Duval Archambault Maltais Trépanier Laliberté Bisson Brisson Dufresne Beaudry Chartrand Houde Fréchette Lafontaine Guillemette
Drolet Vincent Richer Germain Larivière Ferland Trottier Piché Boulanger Sirois Charest Provost Durand Dumas Soucy Lamoureux
Lachapelle Bégin Boily Croteau Savoie Provencher Prévost Duguay Lemire Delisle Desmarais Laberge Nault Bourgeois Lafrance Lagacé
Daoust Brault Castonguay Vallières Pellerin Rivest Brochu Samson Lépine Leroux Larochelle Brousseau Sauvé Laurin Cadieux""".split()
FAMILIES_EN = """Smith Brown Wilson Johnson Williams Taylor Campbell Anderson Jones Miller Davis Martin Thompson MacDonald White Moore Young
Stewart Scott Robinson Clark King Wright Lee Walker Hall Thomas Jackson Hill Green Baker Mitchell Ross Reid Kelly Murphy Murray
McDonald Watson Graham Hughes Evans Edwards Roberts Lewis Harris Cook Bell Bailey Morgan Hamilton Fraser Grant Gordon Kennedy
Cameron Robertson Henderson Ferguson Simpson Marshall Shaw Hunter Russell Palmer Fisher Collins Cooper Richardson Morrison Phillips
Parker Turner Adams Allen Nelson Carter Wood Ward Morris Rogers Reed Cox Howard Bennett Gray Grey James Price Barnes Long Foster
Sanders Powell Perry Butler Patterson Jordan Reynolds Ellis Wallace West Cole Hayes Bryant Crawford Mason Hunt Black Boyd
McKenzie MacKenzie MacLeod McLeod MacLean McLean Burns Sullivan O'Brien O'Connor O'Neil Ryan Walsh Quinn Doyle Lynch Byrne
Stevens Stephens Porter Chambers Spencer Armstrong Douglas Sinclair Elliott Elliot Webb Wells Knight Dixon Hart Lawson Dunn
Osborne Andrews Harvey Pearson Peters Day Gibson Sutherland Burke Duncan Carr Greene Browne Clarke Davies Thomson Johnston Philips
Khan Singh Patel Nguyen Chen Wang Wong Li Kim Park Cohen Levy Garcia Rodriguez Martinez Lopez Silva Santos Rossi Russo Romano Kaur
Gill Sharma Ali Ahmed Hassan Tran Pham Lam Chan Cheung Haddad Khoury Papadopoulos Kowalski Novak Ivanov Petrov Schmidt Weber Meyer
Wagner Friesen Reimer Klassen Penner Dyck""".split()
TAIL_FR = ("Beau Bois Bel Grand Mont Val Fon Char Per Ver Mar Cour Clair Roche Mal Bar Des Gran Cham Haute".split(),
           "champ mont lac chemin pré fort val rieu ville court neau teau lier gnon deau reau rand tier sard zier".split())
TAIL_EN = ("Ash Black Brad Bur Card Chat Dun Elm Fair Gar Hal Har Kings Lang Mar Nor Oak Pem Rad Red Sher Stan Thorn Whit".split(),
           "by den dale field ford ham hurst ley man more ton well wick worth wood bridge combe stead".split())

# What people call themselves beside the name on their papers.
NICKNAMES = {
    "Robert": "Bob Bobby Rob Bert", "William": "Bill Will Billy Liam", "Richard": "Rick Dick Rich Ricky", "James": "Jim Jimmy Jamie",
    "John": "Jack Johnny Jon", "Michael": "Mike Mick Mikey", "Thomas": "Tom Tommy", "Charles": "Charlie Chuck Chas",
    "Edward": "Ed Eddie Ted Ned", "Joseph": "Joe Joey", "David": "Dave Davey", "Daniel": "Dan Danny", "Matthew": "Matt", "Anthony": "Tony",
    "Christopher": "Chris Kit Topher", "Andrew": "Andy Drew", "Steven": "Steve", "Stephen": "Steve", "Kenneth": "Ken Kenny",
    "Donald": "Don Donnie", "Ronald": "Ron Ronnie", "Jeffrey": "Jeff", "Geoffrey": "Geoff", "Gregory": "Greg", "Timothy": "Tim",
    "Patrick": "Pat Paddy", "Douglas": "Doug", "Raymond": "Ray", "Lawrence": "Larry Laurie", "Gerald": "Gerry Jerry",
    "Walter": "Walt Wally", "Frederick": "Fred Freddy", "Henry": "Harry Hank", "Arthur": "Art", "Albert": "Al Bert",
    "Samuel": "Sam Sammy", "Benjamin": "Ben Benny", "Nicholas": "Nick Nicky", "Alexander": "Alex Sandy Al", "Jonathan": "Jon",
    "Joshua": "Josh", "Jacob": "Jake", "Nathan": "Nate", "Zachary": "Zach Zack", "Bradley": "Brad", "Philip": "Phil", "Phillip": "Phil",
    "Theodore": "Ted Theo", "Harold": "Harry Hal", "Leonard": "Len Lenny Leo", "Eugene": "Gene", "Russell": "Russ", "Vincent": "Vince",
    "Francis": "Frank", "Elizabeth": "Liz Beth Betty Lisa Eliza Libby Betsy", "Margaret": "Peggy Maggie Meg Marge Greta",
    "Catherine": "Cathy Kate Cat", "Katherine": "Kathy Kate Katie Kay", "Kathleen": "Kathy Kath", "Patricia": "Pat Patty Trish Tricia",
    "Jennifer": "Jen Jenny", "Susan": "Sue Susie", "Barbara": "Barb Babs", "Deborah": "Deb Debbie", "Debra": "Deb Debbie",
    "Sandra": "Sandy", "Michelle": "Shelly", "Kimberly": "Kim", "Angela": "Angie", "Melissa": "Missy Mel", "Rebecca": "Becky Becca",
    "Cynthia": "Cindy", "Amanda": "Mandy", "Stephanie": "Steph", "Christine": "Chris Chrissy Tina", "Christina": "Tina Chris",
    "Victoria": "Vicky Tori", "Pamela": "Pam", "Judith": "Judy", "Dorothy": "Dot Dottie Dolly", "Samantha": "Sam", "Alexandra": "Alex Sandra",
    "Abigail": "Abby", "Eleanor": "Ellie Nell", "Theresa": "Terry Tess", "Teresa": "Terry Tess", "Virginia": "Ginny", "Valerie": "Val",
    "Mary": "Molly Polly", "Frances": "Fran", "Rachel": "Rae", "Nancy": "Nan", "Jessica": "Jess", "Beverly": "Bev", "Natalie": "Nat",
    "Nicole": "Nikki", "Donna": "Dee", "Sarah": "Sally", "Ann": "Annie", "Jane": "Janie",
    "Réjean": "Réj Ti-Jean", "Gaétan": "Gaé", "Stéphane": "Steph", "Sébastien": "Seb", "Mathieu": "Mat Matt", "Alexandre": "Alex",
    "Maxime": "Max", "Frédéric": "Fred", "Guillaume": "Guy Will", "Nicolas": "Nic Nico", "Olivier": "Oli", "Vincent_": "Vince",
    "Philippe": "Phil", "Antoine": "Tony Toine", "Gabriel": "Gab", "Raphaël": "Raph", "Benoît": "Ben", "Christian": "Chris",
    "Étienne": "Ti-Enne", "Normand": "Norm", "Marcel": "Marc", "Laurent": "Lau", "François": "Frank", "Jean-François": "Jeff JF",
    "Jean-Sébastien": "JS Seb", "Marc-André": "MA", "Jean-Philippe": "JP", "Jean-Pierre": "JP", "Pierre-Luc": "PL", "Jean-Claude": "JC",
    "Marie-Claude": "MC", "Marie-Ève": "ME", "Marie-Josée": "MJ Josée", "Nathalie": "Nath Nat", "Isabelle": "Isa", "Julie": "Ju",
    "Mélanie": "Mel", "Caroline": "Caro", "Véronique": "Véro", "Stéphanie": "Steph", "Geneviève": "Gen Ginou", "Catherine_": "Cath Cathou",
    "Émilie": "Émi Milie", "Valérie": "Val", "Sophie": "So", "Gabrielle": "Gab Gaby", "Florence": "Flo", "Élisabeth": "Babette Élise Lise",
    "Thérèse": "Thé", "Madeleine": "Mado", "Danielle": "Dany", "Micheline": "Miche", "Guylaine": "Guy", "Jocelyne": "Jo",
    "Johanne": "Jo", "Josée": "Jo", "Michel": "Mike Mich", "Robert_": "Bob Robbie", "Richard_": "Rick Ritch",
}
ALSO_SPELT = {
    "Stephen": "Steven", "Catherine": "Katherine", "Philip": "Phillip", "Geoffrey": "Jeffrey", "Sean": "Shawn", "Allan": "Alan", "Ann": "Anne",
    "Theresa": "Teresa", "Tracy": "Tracey", "Debra": "Deborah", "Line": "Lyne", "Johanne": "Joanne", "Michèle": "Michelle", "Éric": "Erik",
    "Mathieu": "Matthieu", "Réjean": "Rhéjean", "Jocelyne": "Joceline", "Nathalie": "Natalie", "Mélanie": "Mélany", "Chantal": "Chantale",
    "Danielle": "Danièle", "Annie": "Anny", "Émilie": "Émily", "Megan": "Meghan", "Elizabeth": "Elisabeth", "Sylvie": "Silvie",
    "Gauthier": "Gautier", "Lefebvre": "Lefèvre", "Thibault": "Thibeault", "Perreault": "Perrault", "Boudreau": "Boudreault",
    "Archambault": "Archambeault", "Gaudreault": "Gaudreau", "Leblanc": "LeBlanc", "Thériault": "Terriault", "Arsenault": "Arseneault",
    "Ouellet": "Ouellette", "Paquette": "Paquet", "Hébert": "Ébert", "Beaudoin": "Baudoin", "Dubé": "Dubey", "St-Pierre": "Saint-Pierre",
    "St-Onge": "Saint-Onge", "St-Jean": "Saint-Jean", "St-Laurent": "Saint-Laurent", "Brisson": "Bryson", "Lacasse": "Lacas",
    "Smith": "Smyth", "Brown": "Browne", "Clark": "Clarke", "Thompson": "Thomson", "Johnson": "Johnston", "MacDonald": "McDonald",
    "Reid": "Read", "Stewart": "Stuart", "Davis": "Davies", "Phillips": "Philips", "Gray": "Grey", "Allen": "Allan", "Elliott": "Eliot",
    "MacLeod": "McLeod", "MacKenzie": "McKenzie", "Stevens": "Stephens", "Green": "Greene", "O'Brien": "Obrien", "O'Connor": "OConnor",
    "O'Neil": "O'Neill", "Schmidt": "Schmitt", "Meyer": "Meier",
}

# City, region, country, starts of its postcodes, area codes, language ("f", "e"), other ways to write it.
CITIES = (
    ("Montréal", "QC", "CA", "H1A H1M H1X H2B H2G H2J H2K H2L H2S H2T H2X H3A H3B H3G H3H H3N H4A H4C H4E", "514 438", "f", "Montreal;Mtl;MONTREAL"),
    ("Québec", "QC", "CA", "G1B G1C G1E G1G G1H G1J G1K G1L G1M G1R G1S G1V G2A G2B", "418 581", "f", "Quebec;Quebec City;Ville de Québec"),
    ("Laval", "QC", "CA", "H7A H7E H7G H7K H7L H7M H7N H7P H7R H7T", "450 579", "f", "LAVAL;Chomedey"),
    ("Gatineau", "QC", "CA", "J8P J8R J8T J8V J8X J8Y J9A J9H", "819 873", "f", "Hull;Aylmer"),
    ("Longueuil", "QC", "CA", "J4G J4H J4J J4K J4L J4M J4N", "450 579", "f", "Longueil;St-Hubert"),
    ("Sherbrooke", "QC", "CA", "J1C J1E J1G J1H J1J J1K J1L J1N", "819 873", "f", "Sherbrook"),
    ("Saguenay", "QC", "CA", "G7B G7G G7H G7J G7K G7N G7S G7X", "418 581", "f", "Chicoutimi;Jonquière"),
    ("Lévis", "QC", "CA", "G6C G6J G6K G6V G6W G6X G6Y G6Z", "418 581", "f", "Levis;Saint-Romuald"),
    ("Trois-Rivières", "QC", "CA", "G8T G8V G8W G8Y G8Z G9A G9B", "819 873", "f", "Trois-Rivieres;3-Rivières;Trois Rivières"),
    ("Terrebonne", "QC", "CA", "J6V J6W J6X J6Y J7M", "450 579", "f", "Lachenaie"),
    ("Saint-Jérôme", "QC", "CA", "J5L J7Y J7Z", "450 579", "f", "St-Jérôme;St-Jerome;Saint Jerome"),
    ("Sainte-Thérèse", "QC", "CA", "J7E", "450 579", "f", "Ste-Thérèse;Ste-Therese"),
    ("Saint-Hyacinthe", "QC", "CA", "J2R J2S J2T", "450 579", "f", "St-Hyacinthe"),
    ("Saint-Jean-sur-Richelieu", "QC", "CA", "J2W J2X J2Y J3A J3B", "450 579", "f", "St-Jean-sur-Richelieu;St-Jean"),
    ("Drummondville", "QC", "CA", "J2A J2B J2C J2E", "819 873", "f", "Drummond"),
    ("Granby", "QC", "CA", "J2G J2H J2J", "450 579", "f", "GRANBY"),
    ("Rimouski", "QC", "CA", "G5L G5M G5N", "418 581", "f", "Le Bic"),
    ("Victoriaville", "QC", "CA", "G6P G6R G6S G6T", "819 873", "f", "Arthabaska"),
    ("Toronto", "ON", "CA", "M1B M1C M2J M3C M4B M4C M4E M4K M4L M5A M5B M5G M5R M6G M6H M6J M6K M9A", "416 647 437", "e", "TORONTO;North York;Scarborough"),
    ("Ottawa", "ON", "CA", "K1A K1B K1G K1H K1K K1N K1S K1V K1Y K2A K2B K2C", "613 343", "e", "OTTAWA;Nepean;Vanier"),
    ("Hamilton", "ON", "CA", "L8E L8G L8H L8K L8L L8M L8N L8P", "905 289", "e", "Stoney Creek"),
    ("Kingston", "ON", "CA", "K7K K7L K7M K7P", "613 343", "e", "KINGSTON"),
    ("Vancouver", "BC", "CA", "V5K V5L V5M V5N V5P V6A V6B V6E V6G V6H", "604 778", "e", "N Vancouver"),
    ("Calgary", "AB", "CA", "T1Y T2A T2B T2E T2G T2H T2J T2K", "403 587", "e", "CALGARY"),
    ("Halifax", "NS", "CA", "B3H B3J B3K B3L B3M", "902 782", "e", "Dartmouth"),
    ("St. John's", "NL", "CA", "A1A A1B A1C A1E", "709", "e", "Saint John's;St Johns"),
    ("Moncton", "NB", "CA", "E1A E1C E1E E1G", "506", "e", "Dieppe"),
    ("Burlington", "VT", "US", "05401 05403 05408", "802", "e", "S Burlington;So. Burlington"),
    ("Plattsburgh", "NY", "US", "12901 12903", "518", "e", "Plattsburg"),
    ("Portland", "ME", "US", "04101 04102 04103", "207", "e", "S Portland"),
    ("Lyon", "", "FR", "69001 69002 69003 69006", "04", "f", "LYON;Lyon 3e"),
    ("Nantes", "", "FR", "44000 44100 44200 44300", "02", "f", "NANTES"),
)
CITY_WEIGHTS = (190, 90, 60, 45, 40, 35, 30, 28, 28, 22, 18, 10, 14, 20, 16, 14, 12, 12, 110, 55, 25, 12, 30, 25, 14, 8, 10, 12, 6, 8, 14, 10)
REGIONS = {"QC": "QC Québec Quebec Qc P.Q.", "ON": "ON Ontario Ont.", "BC": "BC B.C.", "AB": "AB Alberta", "NS": "NS", "NL": "NL",
           "NB": "NB N.-B.", "VT": "VT Vermont", "NY": "NY", "ME": "ME Maine", "": ""}

STREET_TYPES_FR = ("rue", "avenue", "boulevard", "chemin", "place", "rang", "montée", "côte", "impasse")
STREET_TYPES_EN = ("Street", "Avenue", "Road", "Drive", "Court", "Crescent", "Lane", "Place", "Boulevard")
SHORT_TYPES = {"rue": "r. ;", "avenue": "av.;ave", "boulevard": "boul.;bd;blvd", "chemin": "ch.;chem.", "place": "pl.", "rang": "rg",
               "montée": "mtée", "Street": "St;St.;Str", "Avenue": "Ave;Av.", "Road": "Rd;Rd.", "Drive": "Dr;Dr.", "Court": "Ct;Crt",
               "Crescent": "Cres;Cr.", "Lane": "Ln", "Place": "Pl", "Boulevard": "Blvd;Boul."}
STREETS_FR = """Principale;Notre-Dame;Saint-Denis;Sainte-Catherine;des Érables;Saint-Jean;Saint-Laurent;de l'Église;Papineau;Laurier;du Parc;Cartier
des Pins;Saint-Joseph;Saint-Paul;Champlain;Frontenac;Wellington;King;Sherbrooke;de Maisonneuve;René-Lévesque;Rosemont;Masson;Fleury;Beaubien
Bélanger;Jean-Talon;Saint-Hubert;De Lorimier;D'Iberville;Hochelaga;Ontario;Rachel;Marie-Anne;du Mont-Royal;Gilford;des Bouleaux;des Lilas
du Lac;de la Rivière;du Moulin;des Chênes;des Ormes;Sainte-Anne;Saint-Louis;Saint-Georges;Saint-François;Sainte-Foy;du Collège;de la Gare
Belvédère;Galt;Jacques-Cartier;de l'Université;Talbot;des Saguenéens;du Royaume;Sainte-Marie;Saint-Charles;Taschereau;Curé-Poirier;Riverside
de Mortagne;des Laurentides;de la Concorde;Curé-Labelle;Samson;Dagenais;des Mille-Îles;Lévesque;Cléroux;du Souvenir;de l'Aéroport;Maloney
Gréber;des Hautes-Plaines;Saint-Raymond;des Forges;des Récollets;Royale;Laviolette;du Carmel;des Chenaux;Saint-Maurice;du Fleuve;Dorion
du Sommet;de la Colline;des Pionniers;du Verger;des Cèdres;des Sapins;des Mésanges;du Faubourg;des Patriotes;Bourassa;Lafontaine;Dollard
1re;2e;3e;4e;5e;8e;10e;12e""".replace("\n", ";").split(";")
STREETS_EN = """Main;King;Queen;Church;Maple;Oak;Elm;Park;Victoria;Wellington;Albert;George;John;William;Charles;Bay;Yonge;Bloor;Dundas;College
Bathurst;Spadina;Sherbourne;Jarvis;Carlton;Gerrard;Danforth;Kingston;Lakeshore;Bank;Elgin;Rideau;Somerset;Gladstone;Carling;Richmond;Baseline
Merivale;Princess;Brock;Division;Johnson;Barrie;Robie;Barrington;Spring Garden;Quinpool;Granville;Hastings;Commercial;Fraser;Cambie;Oak Ridge
Centre;Macleod;Memorial;Crowchild;Water;Duckworth;Mountain;St. George;Pine;Cedar;Birch;Willow;Walnut;Chestnut;Spruce;Hillcrest;Sunset;Lakeview
Riverside;Valley;Forest;Highland;Meadow;Glen;Prospect;Pleasant;Summit;School;Mill;Station;Bridge;Market;High;North;South;Front;1st;2nd;3rd
4th;5th;10th;Dufferin;Lansdowne;Ossington;Roncesvalles;Annette;Keele;Jane;Islington;Kipling;Finch;Sheppard;Lawrence;Eglinton;Leslie;Bayview
Saint Clair;Saint Patrick;Upper James;Concession;Barton;Locke;Aberdeen;Ottawa;Kenilworth;Gage;Fennell""".replace("\n", ";").split(";")

# What companies are called: trades in both languages, words that go with them, legal forms.
TRADES_FR = """Garage;Boulangerie;Plomberie;Électricité;Construction;Toitures;Excavation;Transport;Fleuriste;Librairie;Boutique;Café;Restaurant
Pharmacie;Quincaillerie;Menuiserie;Rénovations;Paysagement;Déneigement;Informatique;Imprimerie;Clinique dentaire;Clinique vétérinaire
Salon;Coiffure;Traiteur;Ferme;Érablière;Carrosserie;Pneus;Mécanique;Entretien;Nettoyage;Portes et fenêtres;Distribution;Gestion
Placements;Immeubles;Services financiers;Les Entreprises;Les Équipements;Groupe;Atelier;Studio;Marché;Dépanneur;Ébénisterie""".replace("\n", ";").split(";")
TRADES_EN = """Auto;Bakery;Plumbing;Electric;Construction;Roofing;Excavating;Transport;Flowers;Books;Boutique;Coffee;Restaurant;Pharmacy
Hardware;Carpentry;Renovations;Landscaping;Snow Removal;Computers;Printing;Dental;Veterinary Clinic;Salon;Catering;Farms;Maple;Collision
Tires;Mechanical;Maintenance;Cleaning;Windows and Doors;Distribution;Management;Investments;Properties;Financial;Enterprises;Equipment;Group
Workshop;Studio;Market;Foods;Cabinets;Consulting;Holdings;Logistics;Security;Designs;Marine;Heating""".replace("\n", ";").split(";")
WORDS_FR = """du Nord;de l'Est;Boréal;Laurentien;Saint-Laurent;des Rivières;du Lac;Royal;Moderne;Central;Idéal;Express;Plus;Pro;Expert;2000;Métropolitain
du Quartier;des Érables;de la Montagne;Provincial;National;Élite;Prestige;Optimum;Novatech;Alliance;Horizon;Phénix;Polaris;Mistral;Zénith;Nordik
Solution;Harmonie;Étoile;Soleil;du Village;du Coin;de la Côte;des Cantons;du Fleuve;Champlain;Cartier;Frontenac;Montcalm""".replace("\n", ";").split(";")
WORDS_EN = """Northern;Eastern;Maple Leaf;Royal;Central;Ideal;Express;Pro;Expert;Metro;Capital;Summit;Pioneer;Heritage;Premier;Elite;Prestige;National
Provincial;Atlantic;Pacific;Lakeside;Riverside;Highland;Valley;Liberty;Alliance;Horizon;Phoenix;Polar;Sterling;Golden;Silver;Blue Sky;Evergreen
Cornerstone;Keystone;Landmark;Beacon;Compass;Anchor;Eagle;Falcon;Bluewater;Red Maple;Stonebridge;Ironwood;Oakridge""".replace("\n", ";").split(";")
FORMS_FR = ("inc.", "Inc", "ltée", "Ltée", "enr.", "S.E.N.C.", "SENC", "s.e.n.c.r.l.", "& Fils", "et Fils inc.", "Cie", "")
FORMS_EN = ("Inc.", "inc", "Ltd.", "Ltd", "Limited", "Corp.", "Corporation", "LLC", "Co.", "& Sons", "& Sons Ltd.", "")
ROLES = ("info", "info", "info", "contact", "admin", "comptabilite", "accounting", "ap", "ventes", "sales", "service", "bureau", "office", "facturation")
SAME_FORM = {  # one company, its legal form written some other way
    "inc.": "Inc;INC.;inc;Incorporée;", "ltée": "Ltée;limitée;Ltd;ltee;", "enr.": "Enr;enr;enrg.;", "S.E.N.C.": "SENC;senc;s.e.n.c.;",
    "Ltd.": "Ltd;LTD;Limited;", "Corp.": "Corporation;Corp;", "LLC": "L.L.C.;llc;", "Co.": "Company;Co;", "Limited": "Ltd;Ltd.;",
    "Cie": "Compagnie;& Cie;et Cie;", "& Fils": "et Fils;et fils inc.;& fils;", "& Sons": "and Sons;& Son;", "Inc.": "Inc;Incorporated;inc;",
}
MAIL = ("courriel.example", "poste.example", "webposte.example", "mail.example", "inbox.example", "videopoint.example", "belnet.example",
        "rapido.example", "grandnord.example", "cablenet.example")
HANDLES = """hockey soleil maman papa chat lune moto pecheur chasseur golf jardin musique canot skieur etoile tigre lapin renard loup ours
sunny happy rider fisher hunter golfer gardener music dancer runner biker tiger bunny fox wolf bear star moon""".split()
PLACEHOLDER_MAIL = ("none@none.example", "noemail@courriel.example", "aucun@aucun.example", "x@x.example", "client@boutique.example")
PLACEHOLDER_PHONE = ("000-000-0000", "514-555-5555", "999 999-9999", "555-5555", "(450) 555-0000")
KEYBOARD = {"a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "rz", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl", "l": "km",
            "m": "nl", "n": "bm", "o": "ip", "p": "ol", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc",
            "y": "tu", "z": "xe"}
READ_WRONG = (("rn", "m"), ("m", "rn"), ("o", "0"), ("l", "1"), ("i", "l"), ("cl", "d"), ("e", "c"), ("vv", "w"), ("5", "S"), ("8", "B"))
SOUNDS = (("ph", "f"), ("eau", "o"), ("ault", "o"), ("au", "o"), ("y", "i"), ("c", "k"), ("qu", "k"), ("th", "t"), ("ss", "s"), ("ll", "l"),
          ("nn", "n"), ("tt", "t"), ("ie", "y"), ("ck", "k"), ("er", "é"), ("ain", "in"), ("an", "en"), ("mac", "mc"), ("ee", "ea"))
# fmt: on
