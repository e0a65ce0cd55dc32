"""The words that the parser knows: cues for what is wanted, adjectives and the columns they speak of, synonyms."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Cue(StrEnum):
    """What a phrase asks for."""

    COUNT = "count"
    MUCH = "much"
    SUM = "sum"
    AVG = "average"
    MEDIAN = "median"
    MAX = "most"
    MIN = "least"
    FIRST = "first"
    LAST = "last"
    COMMON = "most common"
    RARE = "least common"
    GT = "more than"
    GE = "at least"
    LT = "less than"
    LE = "at most"
    EQ = "equal to"
    ORMORE = "or more"
    ORLESS = "or less"
    BETWEEN = "between"
    AND = "and"
    OR = "or"
    TO = "to"
    FROM = "from"
    BEFORE = "before"
    AFTER = "after"
    SINCE = "since"
    UNTIL = "until"
    IN = "in"
    NOT = "not"
    WITHOUT = "without"
    BY = "by"
    PER = "per"
    SHARE = "share"
    PART = "fraction"
    DIFF = "difference"
    MORE = "more"
    LESS = "fewer"
    THAN = "than"
    COMPARE = "compare"
    WHICH = "which"
    WHO = "who"
    WHERE = "where"
    WHEN = "when"
    LIST = "list"
    DISTINCT = "distinct"
    TRUTH = "is it"
    IS = "is"
    HOW = "how"
    OF = "of"
    FOR = "for"
    ALL = "all"
    THERE = "there"
    WITH = "with"


_CUES: dict[Cue, str] = {
    Cue.COUNT: "how many|the number of|number of|total number of|the total number of|count of|count|how often|how many times|amount of times|no of|tally",
    Cue.MUCH: "how much",
    Cue.SUM: "total|sum|sum of|sum total|overall|combined|altogether|in total|in all|cumulative|summed|add up|totals",
    Cue.AVG: "average|mean|avg|on average|typical|averages|averaged",
    Cue.MEDIAN: "median",
    Cue.MAX: "highest|maximum|max|most|largest|biggest|greatest|top|best|strongest|the most|leading|highest number of|greatest number of|largest number of|most number of|maximal|highest amount of|peak",
    Cue.MIN: "lowest|minimum|min|least|fewest|smallest|bottom|worst|weakest|the least|the fewest|lowest number of|smallest number of|least number of|least amount of|minimal|poorest",
    Cue.FIRST: "first|earliest|the very first",
    Cue.LAST: "last|latest|most recent|newest|final|the most recent|most recently",
    Cue.COMMON: "most common|most frequent|most often|most frequently|most commonly|commonest|most usual",
    Cue.RARE: "least common|least frequent|rarest|least often|least frequently|least commonly",
    Cue.GT: "more than|over|above|greater than|exceeding|exceeds|exceed|exceeded|larger than|bigger than|higher than|in excess of|upwards of|beyond|surpassing|better than|>",
    Cue.GE: "at least|no less than|no fewer than|not less than|not fewer than|minimum of|a minimum of|greater than or equal to|more than or equal to|>=|≥|starting at|not under|not below",
    Cue.LT: "less than|fewer than|under|below|smaller than|lower than|worse than|<",
    Cue.LE: "at most|no more than|not more than|up to|maximum of|a maximum of|less than or equal to|<=|≤|not over|not above|not exceeding",
    Cue.EQ: "equal to|equals|exactly|equal|equalling|=|==|precisely",
    Cue.ORMORE: "or more|or above|or higher|or over|or greater|and up|and above|or better|and over|or older|or later|plus|and higher|and more",
    Cue.ORLESS: "or less|or fewer|or below|or lower|or under|and below|or younger|or earlier|or cheaper|and under|and less",
    Cue.BETWEEN: "between|in between|ranging from|in the range of|in the range|within the range",
    Cue.AND: "and|&|as well as|plus also|together with",
    Cue.OR: "or|either",
    Cue.TO: "to|through|thru|till",
    Cue.FROM: "from|starting from",
    Cue.BEFORE: "before|prior to|earlier than|older than the date",
    Cue.AFTER: "after|later than|following|past",
    Cue.SINCE: "since|on or after|from and after|as of|starting in|starting from|starting",
    Cue.UNTIL: "until|till|up until|up to and including|on or before|by the end of|through the end of",
    Cue.IN: "in|on|during|within|throughout|inside|at|over the course of",
    Cue.NOT: "not|n't|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|hasn't|haven't|except|except for|excluding|other than|besides|apart from|non|never|outside|outside of|but not|cannot|nor|neither|aside from|leaving out|ignoring|no longer",
    Cue.WITHOUT: "without|without a|without an|without any|missing|missing a|missing an|lacking|lack|lacks|have no|has no|had no|with no|with missing|no|having no|empty|blank|do not have|does not have|don't have|doesn't have|don't have a|doesn't have a|don't have an|doesn't have an|do not have a|does not have a|do not have an|does not have an|have missing|has missing|unknown",
    Cue.BY: "by|according to|in terms of|based on|sorted by|ordered by|ranked by|order by|sort by|when sorted by|when ranked by|measured by|as measured by|rank by",
    Cue.PER: "per|for each|for every|each|every|in each|of each|by each|across|broken down by|grouped by|group by|split by|breakdown by|breakdown of|break down by|at each|within each|per each|for all the different|in every|of every|from each|to each|with each|on each|across all|for each of the|for the different|separately for each",
    Cue.SHARE: "percentage of|percent of|percentage|percent|share|share of|the share of|what part of|%|% of|what share|market share",
    Cue.PART: "proportion|proportion of|fraction|fraction of|ratio of",
    Cue.DIFF: "difference|the difference|difference in|how much more|how many more|how much less|how many fewer|how much higher|how much lower|how much larger|how much bigger|how much smaller|how much greater|how many less|gap|gap in|how much cheaper|how much older|how much taller|how much longer|how much heavier|how many years older|how much younger|how much shorter|differ",
    Cue.MORE: "more|greater|higher|larger|bigger|better",
    Cue.LESS: "fewer|less|lower|smaller|worse",
    Cue.THAN: "than",
    Cue.COMPARE: "compare|compared to|compared with|vs|versus|comparison of|comparison between|comparison|against|vs.|relative to|in comparison to|in comparison with",
    Cue.WHICH: "which|what|what's|whats|which of the|what were the|which ones|whose",
    Cue.WHO: "who|whom|who's",
    Cue.WHERE: "where|where's",
    Cue.WHEN: "when|what date|on what date|what day|on which date|which date|on which day|at what time|what time|how recently|what is the date|when's",
    Cue.LIST: "list|show|give|display|find|name|get|tell|return|select|print|enumerate|provide|identify|look up|lookup|fetch|names of|the names of|report",
    Cue.DISTINCT: "different|distinct|unique|separate|individual",
    Cue.IS: "is|are|was|were|be|been|being|has|have|had|does|do|did|having|comes|come|came|makes|make|made|went|goes|go|belongs|belong|belonging|belonged|got|gets|get",
    Cue.HOW: "how",
    Cue.OF: "of|'s|’s",
    Cue.FOR: "for",
    Cue.ALL: "all|any|all of|all the|any of",
    Cue.THERE: "there",
    Cue.WITH: "with|where|whose|that|which have|who have|that have|having|which has|that has|who has|that is|that are|who are|which are|which is|who is|that was|that were|which were|such that|when the",
}  # fmt: skip
PHRASES: Mapping[tuple[str, ...], Cue] = {
    tuple(phrase.split()): cue for cue, phrases in _CUES.items() for phrase in phrases.split("|")
}

# Function words and words that say nothing about a table: they need no column and no value.
HARMLESS = frozenset(
    """a an the this that these those it its it's their his her our my your me us we you i they he she them him some also
    please can could would will shall should may might must just only so as than then both too very much many
    about into onto out off up down with at on in of to for from by and or if but
    did does do done doing has have had having is are was were be been being am
    there here ones one's whose who whom which what when where how
    row rows record records entry entries line lines item items table dataset data file list value values thing things cell cells column columns
    show tell give get find know want need like see say said
    named called listed recorded given shown mentioned reported registered included contained appear appears appeared exist exists existed
    ever still currently now already yet again altogether total please really actually
    happen happens happened occur occurs occurred take takes took taken place placed
    made make makes sold sell sells buy bought buys put got come came comes go went goes
    account accounts accounted accounting represent represents represented contribute contributes contributed constitute
    work works worked working live lives lived living located based situated stationed belong belongs belonging
    use used uses using get gets getting receive received hold holds held
    following respective respectively corresponding associated particular certain specific given same
    question answer result results information info detail details
    contain contains containing include includes including consist involve involving
    'd 'll 're 've 'm s t
    year-round
    dollars dollar usd euros euro eur pounds pound gbp cents bucks
    percent percentage
    kind type sort
    between among amongst across
    them themselves itself one ones
    most much
    """.split()
)
# Words that may stand for "a row of the table".
ROW_NOUNS = frozenset("row record entry item line thing case one instance observation listing".split())
PERSON_NOUNS = frozenset("person people man woman individual member guy human name somebody someone anyone".split())
PLACE_WORDS = ("city", "town", "place", "location", "venue", "country", "state", "region", "address", "site", "office", "stadium", "county", "province", "area", "district")
PERSON_WORDS = ("name", "person", "employee", "customer", "player", "student", "athlete", "driver", "author", "member", "manager", "client", "user", "patient", "teacher", "artist", "winner", "candidate", "full", "rider", "director", "actor", "singer", "nominee", "recipient", "contestant", "scorer", "president", "mayor", "judge", "coach", "contact", "worker", "owner", "nation", "team")

# An adjective or verb, the header words it speaks of (the best first), and those where small means much of it.
CONCEPTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "expensive": (("price", "cost", "fee", "fare", "amount", "rent", "value", "total"), ()),
    "old": (("age",), ("birth", "born", "birthday", "dob", "founded", "established", "built", "opened", "completed", "construction", "hire", "hired", "joined", "date", "year", "since", "released", "release", "start")),
    "new": (("date", "year", "founded", "established", "built", "opened", "completed", "released", "release", "hire", "hired", "joined", "start", "created"), ("age",)),
    "tall": (("height", "elevation", "altitude", "floors", "storeys", "stories"), ()),
    "high": (("height", "elevation", "altitude", "prominence"), ()),
    "long": (("length", "duration", "distance", "runtime", "minutes", "hours", "days", "time", "tenure", "span"), ()),
    "big": (("size", "area", "population", "capacity", "employees", "amount", "total", "value"), ()),
    "heavy": (("weight", "mass"), ()),
    "fast": (("speed", "velocity", "mph", "kmh"), ("time", "duration", "seconds", "minutes")),
    "hot": (("temperature", "temp", "heat"), ()),
    "rich": (("wealth", "worth", "income", "gdp", "revenue", "salary"), ()),
    "populous": (("population", "inhabitants", "residents", "people"), ()),
    "dense": (("density",), ()),
    "deep": (("depth",), ()),
    "wide": (("width", "breadth"), ()),
    "far": (("distance",), ()),
    "popular": (("popularity", "votes", "views", "downloads", "visitors", "followers", "users", "listeners", "rating"), ()),
    "paid": (("salary", "wage", "pay", "income", "earnings", "compensation"), ()),
    "profitable": (("profit", "margin"), ()),
    "rated": (("rating", "score", "stars", "grade"), ()),
    "spend": (("spend", "spent", "spending", "amount", "total", "cost", "price", "value", "revenue", "sales"), ()),
    "sell": (("sold", "quantity", "units", "qty", "sales", "revenue", "amount"), ()),
    "earn": (("salary", "wage", "pay", "income", "earnings", "revenue"), ()),
    "score": (("points", "score", "goals", "marks", "grade"), ()),
    "weigh": (("weight", "mass"), ()),
    "cost": (("price", "cost", "fee", "fare", "amount"), ()),
    "bright": (("brightness", "luminosity", "magnitude"), ()),
    "crowded": (("occupancy", "visitors", "attendance", "population"), ()),
    "attended": (("attendance", "visitors", "spectators"), ()),
    "experienced": (("experience", "tenure"), ()),
    "stock": (("stock", "inventory", "quantity"), ()),
    "large": (("size", "area", "population", "capacity", "employees", "amount", "total", "value"), ()),
    "last": (("duration", "length", "minutes", "time"), ()),
    "productive": (("output", "production", "productivity"), ()),
}  # fmt: skip
# Forms of the adjectives: concept, and -1 where the form says the opposite.
_FORMS = {
    "expensive": "expensive:1 costly:1 cheap:-1 affordable:-1 pricey:1 inexpensive:-1",
    "old": "old:1 young:-1 senior:1",
    "new": "new:1 recent:1 late:1 early:-1",
    "tall": "tall:1",
    "high": "high:1",
    "long": "long:1 short:-1 lengthy:1 brief:-1",
    "big": "big:1 large:1 small:-1 tiny:-1 huge:1 sizable:1",
    "heavy": "heavy:1 light:-1 lightweight:-1",
    "fast": "fast:1 slow:-1 quick:1",
    "hot": "hot:1 warm:1 cold:-1 cool:-1",
    "rich": "rich:1 wealthy:1 poor:-1",
    "populous": "populous:1 populated:1",
    "dense": "dense:1 densely:1",
    "deep": "deep:1 shallow:-1",
    "wide": "wide:1 narrow:-1",
    "far": "far:1 distant:1 near:-1 close:-1",
    "popular": "popular:1",
    "paid": "paid:1",
    "profitable": "profitable:1",
    "rated": "rated:1",
    "bright": "bright:1 dim:-1",
    "crowded": "crowded:1",
    "attended": "attended:1",
    "experienced": "experienced:1",
    "productive": "productive:1",
}
ADJECTIVES: Mapping[str, tuple[str, int]] = {
    word: (concept, int(sign))
    for concept, forms in _FORMS.items()
    for word, _, sign in (form.partition(":") for form in forms.split())
}
VERBS: Mapping[str, str] = {
    word: concept
    for concept, words in {
        "cost": "cost costs costing priced",
        "spend": "spent spend spends spending",
        "sell": "sold sell sells selling bought buy buys purchased",
        "earn": "earn earns earned earning paid makes",
        "score": "scored score scores scoring",
        "weigh": "weigh weighs weighed weighing",
        "last": "lasts lasted lasting",
    }.items()
    for word in words.split()
}
_IRREGULAR = {"better": "good", "worse": "bad", "further": "far", "farther": "far", "furthest": "far", "farthest": "far", "elder": "old", "eldest": "old", "poorer": "poor", "poorest": "poor"}


def adjective(word: str) -> tuple[str, int, str] | None:
    """The concept of an adjective, its direction and its degree: "", "er" or "est".

    >>> adjective("oldest"), adjective("cheaper"), adjective("table")
    (('old', 1, 'est'), ('expensive', -1, 'er'), None)
    """
    degree, stem = "", word
    if word in _IRREGULAR:
        degree, stem = ("est" if word.endswith("est") else "er"), _IRREGULAR[word]
    if stem in ADJECTIVES:
        return (*ADJECTIVES[stem], degree)
    for ending in ("est", "er"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            cut = word[: -len(ending)]
            for stem in (cut, cut + "e", cut[:-1] if cut[-1:] == cut[-2:-1] else cut, cut[:-1] + "y" if cut[-1] == "i" else cut):
                if stem in ADJECTIVES:
                    return (*ADJECTIVES[stem], ending)
    return None


SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in (
        "employee worker staff colleague person people personnel",
        "customer client buyer shopper account consumer purchaser",
        "product item article good merchandise sku",
        "order purchase transaction sale",
        "city town municipality",
        "country nation",
        "revenue sales turnover proceeds income takings",
        "price cost rate fee",
        "quantity qty unit number count piece volume",
        "amount total sum value",
        "salary wage pay compensation earnings income",
        "department dept division team unit",
        "manager boss supervisor head lead",
        "job title role position occupation profession designation",
        "category type kind class genre group",
        "genre style category",
        "date day when time",
        "birthday birthdate dob born birth",
        "movie film title picture",
        "book title",
        "song track title single",
        "author writer novelist",
        "artist singer musician band performer",
        "teacher instructor professor tutor lecturer",
        "student pupil learner",
        "school college university institution",
        "score mark grade point result",
        "rating star score review",
        "weight mass",
        "height tall",
        "phone telephone mobile tel",
        "email mail e-mail",
        "address street location",
        "state province",
        "status state condition stage",
        "company firm organization organisation business employer vendor supplier manufacturer",
        "vendor supplier seller provider",
        "manufacturer maker brand producer make",
        "car vehicle automobile",
        "gender sex",
        "population inhabitant resident people",
        "area size surface",
        "region area territory zone",
        "club team side squad",
        "player athlete sportsman",
        "nationality country nation citizenship",
        "stadium venue ground arena",
        "spectator attendance crowd visitor attendee",
        "duration length runtime time",
        "age old",
        "profit earnings gain",
        "discount reduction rebate",
        "stock inventory",
        "doctor physician",
        "patient case",
        "ticket issue case incident",
        "language tongue",
        "winner champion victor",
        "year season",
        "warehouse depot store location",
        "store shop branch outlet",
        "temperature temp",
        "sales rep representative salesperson seller agent",
        "channel source medium",
        "payment method",
        "budget funding",
        "capital seat",
        "shipping delivery freight shipment",
        "project program programme",
        "species animal",
        "dish meal food",
        "ingredient component",
        "subject course topic",
        "room bedroom",
        "hotel accommodation lodging",
        "guest visitor",
        "flight trip journey",
        "airline carrier",
        "district borough county",
        "mountain peak summit",
        "elevation altitude height",
        "username user login",
        "expense spending cost expenditure",
    )
)
ABBREVIATIONS: Mapping[str, str] = {
    "qty": "quantity", "amt": "amount", "dept": "department", "num": "number", "no": "number", "nr": "number", "avg": "average",
    "yr": "year", "addr": "address", "dob": "birth date", "desc": "description", "cat": "category", "mgr": "manager",
    "emp": "employee", "cust": "customer", "prod": "product", "pct": "percent", "temp": "temperature", "pop": "population",
    "tel": "telephone", "ht": "height", "wt": "weight", "min": "minimum", "max": "maximum", "std": "standard", "dt": "date",
    "cnt": "count", "inv": "invoice", "acct": "account", "org": "organization", "loc": "location", "mfr": "manufacturer",
    "pos": "position", "attn": "attendance", "nat": "nationality", "lang": "language", "msrp": "price", "rev": "revenue",
    "fname": "first name", "lname": "last name", "firstname": "first name", "lastname": "last name", "fullname": "full name",
    "zip": "zip", "ship": "shipping", "ord": "order", "txn": "transaction", "mth": "month", "wk": "week", "hrs": "hours", "mins": "minutes", "sqft": "area", "gpa": "grade",
}  # fmt: skip
UNIT_WORDS: Mapping[str, str] = {
    "m": "", "km": "", "cm": "", "mm": "", "ft": "", "mi": "", "kg": "", "g": "", "lb": "", "lbs": "", "usd": "", "eur": "", "gbp": "",
    "min": "", "mins": "", "hrs": "", "hr": "", "sec": "", "secs": "", "sqm": "", "sqft": "", "ha": "", "mph": "", "kmh": "", "kwh": "", "kw": "",
    "gb": "", "mb": "", "c": "", "f": "", "pct": "", "percent": "", "l": "", "ml": "", "km2": "", "m2": "", "mw": "", "chf": "", "inr": "", "jpy": "", "k": "",
}  # fmt: skip
UNIT_NOUNS = frozenset(
    """meter meters metre metres kilometer kilometers kilometre kilometres mile miles foot feet inch inches centimeter centimeters cm mm km m ft
    kilogram kilograms kilo kilos kg gram grams g pound pounds lb lbs ton tons tonne tonnes ounce ounces
    second seconds minute minutes hour hours day days week weeks month months year years min mins hr hrs sec secs
    degree degrees celsius fahrenheit percent percentage point points dollar dollars euro euros pound pounds cent cents usd eur gbp $ € £ %
    liter liters litre litres gallon gallons unit units piece pieces people person old star stars square acre acres hectare hectares mph kmh gb mb tall long high wide heavy deep""".split()
)
SCALES = {"thousand": 1e3, "thousands": 1e3, "k": 1e3, "million": 1e6, "millions": 1e6, "m": 1e6, "mn": 1e6, "mio": 1e6, "billion": 1e9, "billions": 1e9, "bn": 1e9, "b": 1e9, "hundred": 1e2, "trillion": 1e12}

# Sums over rows make sense for these; for a price, a rate or an age they do not.
ADDITIVE = frozenset(
    """sales revenue turnover amount quantity qty units total sum cost costs profit count number population points goals votes hours visits
    budget spend spending spent expense expenses income attendance passengers downloads views wins losses medals gold silver bronze seats
    sold orders items volume production output minutes calls clicks impressions donations tonnes tons area games matches runs deaths cases
    earnings payment payments paid tax fees stock inventory shipments gross net size employees students members capacity area assists
    titles trips bookings nights tickets returns subscribers users visitors duration distance value weight calories bytes loss""".split()
)  # fmt: skip
NOT_ADDITIVE = frozenset(
    "price rate rating age year percent percentage temperature ratio average mean speed rank score height latitude longitude margin density index id code zip per month day share version grade gpa level floor unit".split()
)
