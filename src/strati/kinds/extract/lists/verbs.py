"""Verbs that say something of two entities, with their forms; and the small words around them."""

from __future__ import annotations

from strati.kinds.extract.lists import word_set

_REGULAR = """accept accuse acquire adopt advise allow analyse analyze announce appoint approve arrest
assassinate assign attack audit back ban blame book borrow call cancel capture certify challenge charge cite
claim coach collect command commission compose conduct consult contact contract contain control convert cover
criticise criticize declare defeat deliver deploy deposit describe design develop direct discover discuss
dismiss distribute divorce donate edit educate elect employ endorse engage enjoy establish evaluate examine
exclude execute expand export extend feature file finance fire follow found fund grant guarantee handle
headquarter help hire host house implement import improve include increase indemnify inform inherit injure
insure integrate interview introduce invade invent investigate invite invoice issue join kidnap kill lease
license like list locate love maintain manage manufacture marry mention merge monitor murder name negotiate
nominate notify occupy offer operate oppose order organise organize outsource own pay perform photograph pledge
praise prepare present produce promote propose prosecute protect provide publish purchase receive recognise
recognize recommend recruit reference refer reimburse reject release rent repair replace report represent
request require resell rescue research retain review reward sack schedule serve settle shape share ship shoot
sign sponsor succeed supervise supply support surround table tax terminate test transfer translate treat trust
use utilise utilize value visit vote warn work resign retire report graduate invest live reside partner compete
cooperate collaborate participate belong depend rely relate apply transport trade play study travel return move
arrive land born base oversee license sublicense assassinate adapt acquit advise aid arrange assemble assist
authorise authorize award bill bomb carry cause chair chase complete confirm connect consume contribute convict
correct create date decline deliver derive destroy discontinue display enter enable ensure exceed fail finish
form generate honor honour identify influence inspire install interact invoke judge launch map measure meet
migrate mirror orchestrate outperform parse patent power precede process program query rank rate regulate
relocate render reorganise rename retrieve run save search secure select separate simplify solve specify start
store stream suspend target tour track train trigger tutor update upgrade validate warrant"""
# base, then third person, past, participle, -ing: for those that do not follow the rule.
_IRREGULAR = """buy buys bought bought buying|sell sells sold sold selling|hold holds held held holding|lead
leads led led leading|make makes made made making|give gives gave given giving|get gets got got getting|take
takes took taken taking|bring brings brought brought bringing|build builds built built building|win wins won won
winning|lose loses lost lost losing|beat beats beat beaten beating|write writes wrote written writing|sue sues
sued sued suing|see sees saw seen seeing|meet meets met met meeting|send sends sent sent sending|lend lends lent
lent lending|spend spends spent spent spending|pay pays paid paid paying|leave leaves left left leaving|find
finds found found finding|choose chooses chose chosen choosing|draw draws drew drawn drawing|drive drives drove
driven driving|fly flies flew flown flying|know knows knew known knowing|let lets let let letting|lease leases
leased leased leasing|teach teaches taught taught teaching|tell tells told told telling|shoot shoots shot shot
shooting|sing sings sang sung singing|fight fights fought fought fighting|bear bears bore born bearing|become
becomes became become becoming|begin begins began begun beginning|run runs ran run running|oversee oversees
oversaw overseen overseeing|steal steals stole stolen stealing|seek seeks sought sought seeking|set sets set set
setting|put puts put put putting|read reads read read reading|speak speaks spoke spoken speaking|split splits
split split splitting|withdraw withdraws withdrew withdrawn withdrawing|undertake undertakes undertook
undertaken undertaking|go goes went gone going|come comes came come coming|grow grows grew grown growing|owe
owes owed owed owing|die dies died died dying|cost costs cost cost costing|travel travels travelled traveled
travelling|cancel cancels cancelled canceled cancelling|plan plans planned planned planning|ship ships shipped
shipped shipping|map maps mapped mapped mapping|ban bans banned banned banning|refer refers referred referred
referring|transfer transfers transferred transferred transferring|program programs programmed programmed
programming|commit commits committed committed committing|submit submits submitted submitted submitting|permit
permits permitted permitted permitting|control controls controlled controlled controlling"""
AUXILIARIES = word_set(
    "is are was were be been being has have had does do did will shall must 's agrees agreed 'll 've 'd having"
)
BE = word_set("is are was were be been being")
# Said of what is not so, or not known to be so: no fact.
UNSURE = word_set(
    "not n't never no neither nor without may might could would can should cannot denied denies deny failed "
    "refused declined fails refuses declines plans planned plan wants wanted intends intended tried tries "
    "attempted considers considering considered hopes hoped expects expected seeks sought if whether unless "
    "reportedly allegedly rumored rumoured rumors rumours rumor rumour possible possibly perhaps maybe "
    "hypothetical unlikely almost nearly instead likely supposedly apparently threatened threatens offered hoping "
    "attempting proposes proposed doubts doubted untrue false suppose imagine speculation speculated denial aims "
    "aimed ought barely hardly scarcely unable rather potential prospective"
)
ADVERBS = word_set(
    "also then now later recently formally officially jointly fully wholly directly indirectly first finally once "
    "again already still currently today yesterday early soon together separately previously subsequently "
    "originally just only even immediately quickly successfully publicly privately exclusively hereby duly mostly "
    "mainly initially eventually long briefly closely personally partly largely primarily since"
)
PREPOSITIONS = word_set(
    "of in on at by for from to with into onto against over under about between among through during via near "
    "within across behind as per including alongside after before toward towards upon off than like despite "
    "without"
)
CONJUNCTIONS = word_set("and or but nor yet so while whereas because although though when where if since until")
DETERMINERS = word_set(
    "the a an its his her their our your my this that these those all both each every any some such said another"
)
PRONOUNS = word_set(
    "he she it they we you i who whom whose which that what him them us me himself itself themselves one"
)
MONEY_NOUNS = word_set(
    "price fee fees amount amounts salary payment payments total totals subtotal cost costs rent deposit loan "
    "penalty fine revenue revenues profit profits loss losses budget grant investment value tax taxes turnover "
    "sales royalty royalties interest dividend capital principal balance compensation bonus commission charge "
    "charges rate rates premium consideration damages debt credit limit cap liability proceeds earnings income "
    "expenses contribution margin discount sum funding valuation donation share shares"
)


def _forms(base: str) -> tuple[str, ...]:
    if base.endswith("e"):
        return base, base + "s", base + "d", base + "d", base[:-1] + "ing"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base, base[:-1] + "ies", base[:-1] + "ied", base[:-1] + "ied", base + "ing"
    third = base + ("es" if base.endswith(("s", "x", "z", "ch", "sh")) else "s")
    return base, third, base + "ed", base + "ed", base + "ing"


def _table() -> dict[str, tuple[str, frozenset[str]]]:
    kinds = ("base", "third", "past", "participle", "ing")
    rows = [tuple(row.split()) for row in " ".join(_IRREGULAR.split()).split("|")]
    irregular = {row[0] for row in rows}
    rows += [_forms(base) for base in _REGULAR.split() if base not in irregular]
    found: dict[str, tuple[str, set[str]]] = {}
    for row in rows:
        for form, kind in zip(row, kinds, strict=True):
            found.setdefault(form, (row[0], set()))[1].add(kind)
    return {form: (base, frozenset(made)) for form, (base, made) in found.items()}


# Form -> its base and what it can be. "shares", "sales" and the like are nouns more often than verbs.
VERBS = {
    form: value
    for form, value in _table().items()
    if form not in word_set(
    "share shares report reports value values order orders charge charges rate rates test like tests list claims "
    "claim ship ships table tables name names date dates form forms house lease leases contract contracts issue "
    "issues cost process program programs map set sets review reviews bill bills target targets rank power back "
    "book books play plays"
)
}  # fmt: skip
