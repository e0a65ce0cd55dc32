"""Common English words: among words that fit a misspelling alike, these are what was meant most often."""

from __future__ import annotations

from functools import cache

_WORDS = """
a able about above accept according account achieve across act action active activity actual actually add addition
address admit adult advance advantage advertisement advice affect afraid after again against age ago agree agreement
ahead air all allow almost alone along already also although always am amazing among amount an analysis ancient and
angry animal announce another answer any anybody anyone anything anyway apart appear apple apply approach
appropriate are area argue argument around arrive art article as ask aspect at attack attempt attend attention
attitude attract attractive audience author available average avoid aware away baby back bad balance ball bank base
basic basis bath be bear beautiful beauty became because become bed been before began begin behave behavior behind
being belief believe belong below benefit beside best better between beyond big bike bill bird birth bit black blood
blue board body book born both bought box boy brain break bridge bright bring broad broken brother brought budget
build building bus business busy but buy by call came can capable capital car care career careful carefully carry
case cat catch cause center central century certain certainly chain chair challenge chance change character charge
cheap check chemical child childhood children choice choose chose chosen church circle citizen city claim class
classroom clean clear clearly climate close clothes club coast cold collect college color combine come comfort
comfortable coming common communicate communication community company compare comparison compete competition
complete completely complex computer concept concern conclude conclusion condition conduct confidence confident
conflict connect consequence consider considerable consist constant consumer contain continue contrast contribute
control conversation cook cool copy corner correct cost could council count country couple courage course court
cover create creative creature crime crisis critical criticism cross cry cultural culture cup curious current
currently customer cut daily damage dance danger dangerous dark data daughter day dead deal dear death debate decade
decide decision decline decrease deep deeply defend define definite definitely degree demand demonstrate depend
depth describe description desert deserve design desire despite detail determine develop development device did die
difference different differently difficult difficulty dinner direct direction directly disagree disappear discover
discovery discuss discussion disease distance distant divide do doctor document does doing dollar done door doubt
down draw dream dress drink drive driver drop drug dry due during duty each early earn earth ease easier easily east
easy eat economic economy edge educate education effect effective efficient effort eight either elderly election
electric element else emotion emphasis employ employee employer empty encourage end enemy energy engage engine
engineer enjoy enjoyable enough ensure enter entertainment entire environment equal equipment error escape
especially essay essential establish etc even evening event eventually ever every everybody everyday everyone
everything everywhere evidence exact exactly exam example excellent except exchange excite exciting exercise exist
existence expect expensive experience experiment expert explain explanation explore express expression extra extreme
extremely eye face fact factor factory fail failure fair fall false familiar family famous fan far farm farmer
fashion fast father favor favorite fear feature feel feeling feet fell felt female few field fight figure fill film
final finally find fine finger finish fire first fish fit five fix floor flow flower fly focus follow food foot for
force foreign forest forget form former forward found four free freedom fresh friend friendly from front fuel full
fun function fund furthermore future gain game gap garden gas gather gave general generally generation get girl give
glad glass global go goal god going gold gone good got government grade great green grew ground group grow growth
guess guide guy habit had half hand happen happiness happy hard hardly harm has hate have having he head health
healthy hear heard heart heat heavy held help helpful hence her here herself hidden high higher highly him himself
hire his history hit hold hole holiday home honest hope hospital hot hotel hour house how however huge human hundred
hungry hurt husband idea ideal identify if ignore ill illness image imagine immediate immediately impact implement
importance important impossible impress impression improve improvement in include income increase increasingly
indeed independent indicate individual industrial industry influence inform information inside instead institution
interest interesting internet into introduce invent invention invest investigate investment involve is island issue
it item its itself job join joint journey judge jump just keep kept key kid kill kind king knew know knowledge known
lack lady land language large last late later latter laugh law lawyer lazy lead leader leadership leaf learn learner
learning least leave lecture lecturer led left leg legal leisure lend less lesson let letter level library lie life
lift light like likely limit line link list listen literature little live load local location lonely long look lose
loss lost lot loud love low luck lucky lunch machine made magazine main maintain major majority make maker male man
manage management manager manner many map mark market marriage married master match material math matter may maybe
me meal mean meaning means meant meanwhile measure meat media medical medicine meet meeting member memory men mental
mention mere merely message met metal method middle might mile milk million mind minute miss mistake mix mobile
model modern modify moment money month mood moon moral more moreover morning most mostly mother motivate mountain
mouth move movement movie much museum music must my myself mystery name narrow nation national native natural
naturally nature near nearly necessary neck need negative neighbor neither nervous net network never nevertheless
new news newspaper next nice night no nobody noise none nor normal normally north not note nothing notice now
nowadays number object obvious obviously occasion occur ocean of off offer office officer often oil old older on
once one only onto open operate opinion opportunity oppose opposite or order ordinary organization organize original
other otherwise our ourselves out outcome outside over overcome own owner page pain paint pair paper paragraph
parent park part particular particularly partner party pass passage passenger passion past path patience patient
pattern pay peace people per percent perfect perfectly perform performance perhaps period permit person personal
personality personally phone photo phrase physical pick picture piece place plan plane planet plant play player
pleasant please pleasure plenty plus point police policy polite political politics pollution poor popular population
position positive possess possibility possible possibly post potential pour power powerful practical practice prefer
prepare presence present preserve president press pressure pretty prevent previous price principle print prison
private probably problem procedure process produce producer product production profession professional professor
profit program progress project promise promote proof proper properly protect prove provide public publish pull
purchase purpose pursue push put quality question quick quickly quiet quite race radio rain raise range rapid rare
rarely rate rather reach react reaction read reader reading ready real reality realize really reason reasonable
receive recent recently recognize recommend record red reduce refer reflect refuse regard region regular relate
relation relationship relative relax release relevant reliable religion religious rely remain remember remind remove
rent repeat replace reply report represent require research researcher resource respect respond response
responsibility responsible rest restaurant result return reveal reward rich ride right ring rise risk river road
rock role room root round rule run sad safe safety said sail salary sale same satisfy save saw say scale scene
schedule school science scientific scientist sea search season seat second secret section secure see seek seem seen
sell send sense sentence separate series serious seriously serve service set settle seven several severe shape share
she ship shock shoot shop shopping short should show side sign significant silence similar simple simply since sing
single sister sit site situation six size skill skin sleep slow slowly small smart smell smile smoke so social
society soft soldier solution solve some somebody somehow someone something sometimes somewhere son song soon sort
soul sound source south space speak speaker special specialize specific specifically specify speech speed spend
spent spirit sport spot spread spring stage stand standard star start state statement station status stay step still
stock stone stop store story straight strange stranger strategy street strength stress strict strong structure
struggle student study stupid style subject succeed success successful successfully such sudden suddenly suffer
suggest suggestion suit summer sun supply support suppose sure surely surface surprise surround survey survive
system table take taken talent talk task taste taught tax teach teacher team technical technique technology teenager
television tell temperature ten tend term terrible test than thank that the their them themselves then theory there
therefore these they thing think third this those though thought thousand threat three threw through throughout
throw thus ticket tie time tire to today together told tomorrow tone too took tool top topic total totally touch
tough tour tourism tourist toward towards town toy track trade tradition traditional traffic train training transfer
transport transportation travel traveler treat treatment tree trend trip trouble true truly trust truth try turn
twenty twice two type typical ugly under understand understanding unfortunately union unique unit unite university
unknown unless until up upon upset us use useful usual usually vacation valuable value variety various vary vast
vegetable vehicle version very view village violence visit visitor voice volume vote wait walk wall want war warm
warn was wash waste watch water way we weak weapon wear weather web week weekend weight well went were west what
whatever wheel when whenever where whereas whether which while white who whole whom whose why wide widely wife wild
will win wind window winner winter wisdom wise wish with within without woman women wonder wonderful wood word work
worker world worry worse worst worth would write writer written wrong wrote yard yeah year yellow yes yesterday yet
you young younger your yourself youth zero
"""
WORDS = frozenset(_WORDS.split())
_FREQUENT_WORDS = (
    "a about after all also an and any are as at be because been but by can come could day did do does even first for "
    "from get give go good had has have he her him his how i if in into is it its just know like look make many me "
    "more most much my new no not now of on one only or other our out over people said same say see she should so some "
    "such take than that the their them then there these they thing think this time to two up us use very want was way "
    "we well were what when where which while who will with work would year you your"
)
FREQUENT = frozenset(_FREQUENT_WORDS.split())
_ENDINGS = (
    ("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"),
    ("er", ""), ("er", "e"), ("est", ""), ("est", "e"), ("ly", ""), ("ily", "y"),
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@cache
def is_common(word: str) -> bool:
    """Whether a word, or the word that it is a form of, is common.

    >>> is_common("studied"), is_common("hiring"), is_common("garrets")
    (True, True, False)
    """
    return word in WORDS or _base(word) in WORDS


def _base(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            bare = word[: -len(ending)]
            if bare + instead in WORDS:
                return bare + instead
            if instead == "" and len(bare) > 3 and bare[-1] == bare[-2] and bare[:-1] in WORDS:
                return bare[:-1]
    return ""


@cache
def near(word: str) -> tuple[str, ...]:
    """Common words that are one letter away: one more, one less, another one, or two that changed places.

    >>> near("wich")
    ('rich', 'which', 'wish', 'with')
    """
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {a + b[1:] for a, b in cuts if b}
    found |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    found |= {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    found |= {a + letter + b for a, b in cuts for letter in _LETTERS}
    return tuple(sorted(one for one in found if one != word and len(one) > 1 and is_common(one)))
