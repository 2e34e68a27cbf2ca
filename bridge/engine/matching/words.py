"""Words that mean the same on papers, envelopes and shop forms: short names, legal forms, street types, roles.

Written from general knowledge of names in Québec, Canada, the United States and France; nothing here is learnt from data.
"""

# ruff: noqa: E501, SIM905

# Legal forms of Québec, Canada, the United States and some of Europe, as they look without dots and accents.
SUFFIXES = frozenset(
    """inc incorporated incorporee ltd ltee limited limitee llc llp lp plc corp corporation cie co company compagnie enr
    senc sencrl srl sarl sas sa gmbh ag bv nv oy ab pty""".split()
)

# One line is one person's possible names: papers first, then what friends say. A name may stand in several lines.
_SAME_PERSON = """
robert bob bobby rob robbie bert|william bill billy will willy willie liam|richard rick ricky dick rich richie ritchie|james jim jimmy jamie jem
john jack johnny jon johnnie|michael mike mick mickey mikey micheal|thomas tom tommy thom|charles charlie chuck chas charley|edward ed eddie ted ned teddy
joseph joe joey jos|david dave davey davy|daniel dan danny dany|matthew matt mat|anthony tony antony|christopher chris kit topher|andrew andy drew
steven stephen steve stevie stefan|kenneth ken kenny|donald don donnie donny|ronald ron ronnie ronny|jeffrey geoffrey jeff geoff jeffery
gregory greg gregg|timothy tim timmy|patrick pat paddy patty|douglas doug|raymond ray|lawrence laurence larry laurie|gerald gerry jerry gerard
walter walt wally|frederick frederic fred freddy freddie|henry harry hank henri|arthur art artie|albert al bert alby|samuel sam sammy|benjamin ben benny benji
nicholas nick nicky nico nicolas nic|alexander alex al sandy xander alec|alexandre alex|jonathan jon john nathan|joshua josh|jacob jake|nathan nate nathaniel
zachary zach zack zak|bradley brad|philip phillip phil|theodore ted theo teddy|harold harry hal|leonard len lenny leo|eugene gene|russell russ|vincent vince vinny vin
francis frank fran|franklin frank|gabriel gab gabe|peter pete|ronald ron|stanley stan|terrence terence terry|randall randy|rudolph rudy|louis lou lewis
maurice moe|mitchell mitch|norman norm|oliver ollie|oscar ozzie|reginald reg reggie|roderick rod|rodney rod|roger rog|sidney sid|clifford cliff|clinton clint
elizabeth elisabeth liz beth betty lisa eliza libby betsy lizzie bess|margaret peggy maggie meg marge greta peg marg margie daisy|marguerite margot rita
catherine katherine kathryn cathy kathy kate katie kat cat kay cath kitty catharine|kathleen kathy kath kate kathie|patricia pat patty trish tricia patti
jennifer jen jenny jenn jennie|susan sue susie suzy suzanne|barbara barb babs barbie|deborah debra deb debbie debby|sandra sandy|michelle michele shelly shell
kimberly kim kimberley|angela angie ange|melissa missy mel lissa|rebecca becky becca beck|cynthia cindy|amanda mandy|stephanie steph stef|christine chris chrissy tina
christina tina chris chrissy|victoria vicky tori vicki|pamela pam|judith judy judi|dorothy dot dottie dolly|samantha sam|alexandra alex sandra sandy alexa lexi
abigail abby gail|eleanor ellie nell nora elle|theresa teresa terry tess terri|virginia ginny|valerie val|mary molly polly marie maria|frances fran francie|rachel rae
nancy nan|jessica jess jessie|beverly bev|natalie nathalie nat|nicole nikki nicki nicky|donna dee|sarah sally sara|ann anne annie anna nan|jane janie jan|janet jan
jacqueline jackie|josephine josie jo|joanne jo joan|lillian lily lil|lucille lucy|madeline maddy|veronica ronnie vero|wilhelmina mina|yvonne vonnie|helen nell ellen
carolyn carol caro|caroline carol carrie caro caroll|emily em emma|isabel isabelle bella izzy|olivia liv livvy|charlotte charlie lottie|allison ali allie
rejean rej|gaetan gae|stephane steph stef|sebastien seb|mathieu matthieu mat matt|maxime max|maximilien max|frederic fred|guillaume guy gui will bill|olivier oli
philippe phil|antoine tony toine|raphael raph rafa|benoit ben|christian chris|etienne tienne|normand norm|marcel marc|laurent lau|francois frank franck fran francis
jean-francois jf jeff|jean-sebastien js seb|marc-andre ma|jean-philippe jp jean-phi|jean-pierre jp|pierre-luc pl|jean-claude jc|jean-guy jg|jean-paul jp|jean-marc jm
marie-claude mc|marie-eve me|marie-josee mj josee|marie-france mf|anne-marie am|isabelle isa zaza|julie ju|melanie mel|veronique vero|stephanie steph fanny
genevieve gen ginou ge|catherine cath cathou cat|emilie emi milie emy|valerie val|sophie so|gabrielle gab gaby|florence flo|elisabeth babette elise lise zabeth
therese the|madeleine mado|danielle dany dan|micheline miche mimi|guylaine guy|jocelyne jo joce|johanne jo|josee jo|michel mike mich|dominique dom|alexis alex
nathalie nath nat|jacques jack jacky|pierre pierrot pete|jerome jay|xavier xav|adrien adri|thierry titi|claude claudie|monique mo momo|francine fran franny
bernard bern bernie|gilbert gil|andre dede|gerard gerry|roland rolly|leopold leo polo|louise lou loulou|martine marty|helene lene|virginie nini|beatrice bea
charles-etienne charlie|marguerite margo|suzanne suzie suze|lucie lulu|caroline caro|karine karo|jean ti-jean jeannot john|paul paulo polo|luc lucky|robert roby
"""


def _nicknames() -> dict[str, frozenset[int]]:
    """Return, for each name without hyphens, the lines it stands in."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_SAME_PERSON.replace("\n", "|").split("|")):
        for name in line.split():
            found.setdefault(name.replace("-", ""), set()).add(number)
    return {name: frozenset(lines) for name, lines in found.items()}


NICKNAMES = _nicknames()

TITLES = frozenset("m mr mme mlle mrs ms miss dr dre me monsieur madame mister sir maitre prof".split())
GENERATIONS = {
    "jr": "jr",
    "junior": "jr",
    "fils": "jr",
    "sr": "sr",
    "senior": "sr",
    "pere": "sr",
    "ii": "jr",
    "iii": "jr",
}

# Words that say that a name is a business.
BUSINESS = SUFFIXES | frozenset(
    """garage boulangerie plomberie electricite construction constructions toitures toiture excavation transport transports fleuriste
    librairie boutique cafe restaurant pharmacie quincaillerie menuiserie renovations renovation paysagement deneigement informatique
    imprimerie clinique salon coiffure traiteur ferme fermes erabliere carrosserie pneus pneu mecanique entretien nettoyage portes fenetres
    distribution gestion placements immeubles services service entreprises entreprise equipements equipement groupe atelier ateliers studio
    marche depanneur ebenisterie auto autos bakery plumbing electric electrical roofing excavating flowers books coffee pharmacy hardware
    carpentry landscaping removal computers printing dental veterinary catering farms farm collision tires mechanical maintenance cleaning
    windows doors management investments properties financial enterprises enterprise equipment group workshop market foods cabinets
    consulting holdings logistics security designs design marine heating shop store hotel motel auberge ecole school university universite
    ville city town municipalite association society societe fondation foundation club centre center bureau agence agency solutions
    technologies systemes systems industries international associes associates partners fils sons freres brothers bros and et""".split()
)

# Mailboxes that a company gives to a task, not to a person, and what people type where there is none.
ROLES = frozenset(
    """info contact admin administration comptabilite compta accounting accounts ap ar payables receivables ventes sales service services
    bureau office facturation billing invoices factures reception support help aide hello bonjour allo commandes orders achats purchasing
    direction rh hr jobs emploi marketing web webmaster mail email courriel courrier general gestion shop boutique store magasin
    client clients customer customers""".split()
)
NOBODY = frozenset(
    "none noemail nomail no aucun aucune x xx xxx na n/a test nobody noreply no-reply unknown inconnu sans-courriel".split()
)

# Kinds of streets, in both languages and short: they hardly tell streets apart.
STREET_TYPES = {
    word: line.split()[0]
    for line in (
        "street rue r str", "avenue av ave", "boulevard boul bd blvd blv", "road chemin ch chem rd", "drive dr", "court crt ct cour",
        "crescent cres cr croissant", "lane ln", "place pl", "rang rg", "montee mtee", "cote", "impasse imp", "route rte", "way", "terrace tce terr terrasse",
        "square sq carre", "circuit cct", "close", "parade pde", "highway hwy autoroute", "promenade prom", "allee", "ruelle", "quai", "grove gr",
    )
    for word in line.split()
}  # fmt: skip
FLATS = frozenset("app apt apartment appartement unit unite suite bureau bur local flat no porte".split())
DIRECTIONS = {
    "est": "e",
    "east": "e",
    "ouest": "o",
    "west": "o",
    "w": "o",
    "nord": "n",
    "north": "n",
    "sud": "s",
    "south": "s",
}
PARTICLES = frozenset("de du des la le les l d the of au aux a".split())
SAINTS = frozenset(("saint", "sainte", "st", "ste"))
NUMBERS = {
    "premier": "1",
    "premiere": "1",
    "first": "1",
    "second": "2",
    "seconde": "2",
    "deuxieme": "2",
    "third": "3",
    "troisieme": "3",
}
REGIONS = {
    word: line.split()[0]
    for line in (
        "qc quebec que pq que", "on ontario ont", "bc columbia", "ab alberta alta", "ns scotia", "nb brunswick", "nl newfoundland nfld", "mb manitoba",
        "sk saskatchewan", "pe pei", "vt vermont", "ny york", "me maine", "ma massachusetts mass", "ca california calif", "fl florida",
    )
    for word in line.split()
}  # fmt: skip

# Names that many bear: what a likeness of them says where there is no file to count in. Most frequent families and given
# names of Québec, Canada and the United States.
COMMON_FAMILIES = frozenset(
    """tremblay gagnon roy cote bouchard gauthier morin lavoie fortin gagne ouellet pelletier belanger levesque bergeron leblanc paquette
    girard simard boucher smith johnson williams brown jones garcia miller davis rodriguez martinez wilson anderson taylor thomas moore
    jackson martin lee thompson white harris clark lewis robinson walker young allen king wright scott nguyen hill campbell li wang
    singh patel macdonald stewart""".split()
)
COMMON_GIVEN = frozenset(
    """jean michel pierre andre claude daniel marc robert francois louis jacques marie louise nicole sylvie diane lise johanne monique
    francine julie isabelle nathalie john michael david james william richard thomas peter paul mary jennifer elizabeth susan patricia
    linda barbara margaret karen nancy sarah""".split()
)
# Enough to tell which word of "Roy Martin" is which, where a file gives no better hint.
GIVEN = (
    COMMON_GIVEN
    | frozenset(name for name in NICKNAMES if len(name) > 2)
    | frozenset(
        """alain yves guy sylvain mario luc serge gilles denis rejean gaetan pascal simon david hugo felix emile leo noe jerome bruno yvon
    normand raymond roger marcel fernand rolland laurent georges chantal annie lucie helene ginette suzanne denise line carole celine
    karine sophie audrey camille laurence lea jade rosalie juliette alice emma zoe eloise noemie rita yvette gisele solange brian kevin
    eric jason justin sean keith craig ian neil bruce wayne dennis ethan noah lucas logan ruth grace heather hannah megan laura tracy
    wendy julia gwen joan lauren sharon carol karen mark gary scott allan alan allen edgar ernest hubert ivan omar ali ahmed mohamed
    mohammed hassan ibrahim karim rachid samir fatima leila amina maria jose juan carlos luis miguel ana rosa carmen giuseppe marco
    paolo wei ming yan jun anita ingrid olga irina anne-laure manon chloe lucas jules arthur nora clara eva ines lina mila rosalie
    oceane maude maxim coralie elodie amelie aurelie marguerite lorraine gaston armand aime ovila leon lionel regis remi yannick
    yvan zacharie tristan loic justine ariane arianne maryse lorie lori kelly kerry stacey holly april autumn brenda brooke carrie
    cheryl clara claire dawn diana doris edith edna ellen erica erin ethel eva faith gloria hazel irene iris ivy jill jodi josephine
    joyce june kristen leah lena leslie lois lorna lucy lydia lynn mabel mandy marcia marilyn marion marjorie maureen mildred miriam
    muriel myrtle naomi norma paula phyllis robin rosemary roxanne sheila shirley sonia sylvia tanya tara vera violet vivian yolanda
    aaron blake brent brett cameron carl cecil chad clarence claude clyde cody cole colin connor corey curtis dale darren
    derek devin duane dustin dylan earl edgar elijah elmer evan floyd gavin glen glenn gordon graham greg harvey herbert homer
    howard ivan jared jasper jesse joel jordan julian karl kyle lance leroy lester levi lloyd logan luke luther marcus
    marvin max melvin miles milton murray myron neal owen preston quentin ralph rex riley roland
      ruben shane stuart sylvester tanner todd travis trevor tyler vernon victor virgil wade warren wesley
    wilbur wilfred winston""".split()
    )
)
