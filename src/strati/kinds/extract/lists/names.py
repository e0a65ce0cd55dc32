"""Legal forms, titles, nouns of organisations, given names and months."""

from __future__ import annotations

from strati.kinds.extract.lists import word_set

# Written form in lower case without full stops -> the form it is the same as. Two companies that differ in it differ.
LEGAL_FORMS = {
    "inc": "inc", "incorporated": "inc", "corp": "corp", "corporation": "corp", "co": "co", "company": "co",
    "ltd": "ltd", "limited": "ltd", "llc": "llc", "llp": "llp", "lp": "lp", "plc": "plc", "pllc": "llc",
    "pty": "pty", "pte": "pte", "gmbh": "gmbh", "ggmbh": "gmbh", "mbh": "gmbh", "ag": "ag", "kg": "kg",
    "kgaa": "kgaa", "ohg": "ohg", "ug": "ug", "ev": "ev", "eg": "eg", "se": "se", "sa": "sa", "sas": "sas",
    "sarl": "sarl", "srl": "srl", "spa": "spa", "sl": "sl", "slu": "sl", "bv": "bv", "nv": "nv", "oy": "oy",
    "oyj": "oy", "ab": "ab", "as": "as", "asa": "as", "aps": "aps", "kk": "kk", "sdn": "sdn", "bhd": "bhd",
    "ltda": "ltda", "sro": "sro", "zoo": "zoo",  "lllp": "lp", "pvt": "pvt",
    "private": "pvt", "kft": "kft", "doo": "doo", "sicav": "sicav",
}  # fmt: skip
# Also ordinary words or too short: they count only with a capital (or all in capitals, the short ones).
CAPITAL_FORMS = word_set("company co limited private as se sa ag ab sas spa ug ev eg sl lp kg")
SHORT_FORMS = word_set("as se sa ag ab ug eg sl lp kg nv bv kk")
ORG_NOUNS = word_set(
    "bank university institute group holdings holding partners association commission committee council department "
    "ministry agency authority foundation society union airlines airways motors technologies technology systems "
    "solutions pharmaceuticals pharmaceutical laboratories laboratory labs hospital school college press museum "
    "court church army navy police bureau board trust fund funds capital ventures industries enterprises associates "
    "consulting services networks communications entertainment media studios records pictures insurance energy "
    "petroleum oil gas steel electric electronics software semiconductor semiconductors therapeutics biosciences "
    "healthcare medical securities investments financial exchange federation league club party parliament senate "
    "congress assembly administration office academy center centre organization organisation coalition consortium "
    "cooperative chamber theatre orchestra brothers sons international worldwide global logistics railway railways "
    "universitat universität hochschule stiftung verein verband ministerium gesellschaft sparkasse klinik "
    "krankenhaus bundesbank stadtwerke université universidad università banque banco banca société newspaper times "
    "gazette tribune herald"
)
# These may be followed by "of X": Bank of America, University of California, Department of Energy.
OF_NOUNS = word_set(
    "bank university institute department ministry board court house bureau office college school church academy "
    "chamber council commission committee association society federation union museum republic state city kingdom "
    "commonwealth province county district bank's league order center centre secretary minister parliament assembly "
    "organization organisation bay isle gulf"
)
PLACE_NOUNS = word_set(
    "way parkway highway blvd suite floor plaza mall street avenue road boulevard lane drive square island "
    "islands isle river lake mountain mountains valley county province republic ocean sea bay gulf desert "
    "peninsula district state city town village straße strasse platz airport park bridge harbor harbour beach "
    "creek hill hills"
)
FAMILY = word_set("sons brothers co company associates partners daughters cie sohn söhne fils")
TITLES = word_set(
    "mr mrs ms miss dr prof professor sir dame lord lady rev reverend judge justice president chancellor senator "
    "congressman congresswoman governor mayor minister secretary ambassador general colonel major captain "
    "lieutenant sergeant king queen prince princess pope bishop archbishop cardinal rabbi imam sheikh chairman "
    "chairwoman chairperson ceo cfo cto coo director herr frau madame monsieur mme señor señora signor signora dott "
    "ing dipl attorney inspector detective officer sen rep gov gen col maj capt lt sgt hon premier"
)
# A title that is no job: it never names the person by itself.
SHORT_TITLES = word_set("mr mrs ms miss dr prof sir dame lord lady rev herr frau madame mme hon")
ROLE_NOUNS = word_set(
    "president chairman chairwoman chairperson ceo cfo cto coo cmo cio director manager officer executive founder "
    "cofounder co-founder owner partner head leader chief secretary treasurer minister governor mayor senator "
    "spokesman spokeswoman spokesperson lawyer attorney counsel judge professor lecturer teacher scientist engineer "
    "developer designer author writer editor journalist reporter producer singer actor actress composer conductor "
    "coach captain player member employee assistant adviser advisor analyst consultant agent representative "
    "ambassador commissioner chancellor premier king queen prince princess bishop dean rector curator architect "
    "subsidiary affiliate division unit branch parent supplier distributor reseller customer client contractor "
    "subcontractor competitor rival maker manufacturer provider vendor successor predecessor shareholder investor "
    "creditor lender borrower licensor licensee landlord tenant capital suburb part wife husband son daughter "
    "brother sister mother father widow student researcher economist trustee administrator inventor creator "
    "maintainer contributor principal co-author co-owner co-chair vice-president"
)
PERSON_VERBS = word_set(
    "said says told asked added wrote argued resigned retired married died joked recalled graduated thinks thought "
    "believes smiled laughed nodded replied"
)
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero gennaio janeiro januari jänner",
            "february feb februar février fevrier febrero febbraio fevereiro februari",
            "march mar märz maerz mars marzo março maart mrz",
            "april apr avril abril aprile",
            "may mai mayo maggio maio mei",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug août aout agosto augustus",
            "september sep sept septembre septiembre settembre setembro",
            "october oct oktober okt octobre octubre ottobre outubro",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre diciembre dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag "
    "sonntag"
)
GIVEN = word_set(
    "aaron abby abdul abigail abraham ada adam adele adrian agnes ahmad ahmed aidan aisha alan albert alberto "
    "alejandra alejandro alessandro alex alexander alexandra alexis alfred ali alice alicia alison allen amanda "
    "amber amelia amir amy ana anastasia andre andrea andreas andrei andrew andy angel angela anita ann anna anne "
    "annette annie anthony antoine anton antonio april ariel arjun arnold arthur ashley astrid audrey austin ava "
    "axel barack barbara barry beatrice ben benjamin bernard bernd bernie beth betty bianca bill birgit björn bob "
    "bonnie boris brad brandon brenda brett brian bridget bruce bruno bryan caleb calvin cameron camille carl carla "
    "carlo carlos carmen carol carolina caroline carolyn catherine cecilia chad charles charlie charlotte chelsea "
    "cheryl chloe chris christian christina christine christoph christopher cindy claire clara clara's claudia "
    "claus clemens clifford colin connie conrad craig cristina curtis cynthia daisy dale damian dan dana daniel "
    "daniela danielle danny daphne darren dave david dawn dean deborah debra denise dennis derek diana diane diego "
    "dieter dimitri dirk dmitri dmitry dominic donald donna doris dorothy doug douglas duncan dwight dylan earl "
    "eddie edgar edith eduardo edward edwin eileen elaine eleanor elena eli elias elijah elisabeth eliza elizabeth "
    "ella ellen ellie elliot elsa emanuel emil emily emma enrique eric erica erich erik erin ernest ernst esther "
    "ethan eugene eva evan eve evelyn fabian fatima felicia felix ferdinand fernando fiona florence florian "
    "francesca francesco francis francisco francois françois frank franz fred frederick frida friedrich fritz "
    "gabriel gabriela gail gary gavin gemma gene geoffrey georg george georgia gerald gerard gerhard gertrude "
    "gianluca gilbert gina giorgio giovanni giulia giuseppe glenn gloria gordon grace graham greg gregor gregory "
    "greta guido guillermo günter gunther gustav guy hannah hans harold harriet harry harvey hassan heather hector "
    "heidi heinrich heinz helen helena helga helmut henri henrik henry herbert herman hermann hilary holly horst "
    "howard hugh hugo ian ibrahim ida igor ilse ines inga ingrid irene iris isaac isabel isabella ivan jack jackie "
    "jackson jacob jacqueline jacques jaime jakob james jamie jan jana jane janet janice jared jasmine jason javier "
    "jay jean jeff jeffrey jenna jennifer jenny jeremy jerome jerry jesse jessica jesus jill jim jimmy joachim joan "
    "joanna joe joel johan johann johanna johannes john johnny jon jonas jonathan jordan jorge jose josé josef "
    "joseph josh joshua joyce juan juana judith judy julia julian juliana julie julien juliet julio julius jun "
    "jürgen justin karen karin karl karla kate katharina katherine kathleen kathryn kathy katie keith kelly ken "
    "kenneth kenji kerry kevin khalid kim kimberly kirk klaus konrad kristen kristin kurt kyle lars larry latoya "
    "laura lauren laurence lawrence lea leah lee lena leo leon leonard leonardo leroy leslie li liam lily linda "
    "lisa liz lloyd lois lola lorenzo lou louis louise luca lucas lucia lucy luigi luis luisa lukas luke lutz lydia "
    "lynn madeleine maggie malcolm mandy manfred manuel manuela marc marcel marco marcos marcus margaret margarita "
    "maria mariana marianne marie marilyn marina mario marion marjorie mark marlene marta martha martin martina "
    "marvin mary mathias matilda matt matteo matthew matthias maureen maurice max maximilian maya megan mehmet mei "
    "melanie melissa michael michel michele michelle miguel mike mikhail mila milan mildred miles miranda miriam "
    "mohamed mohammad mohammed moritz mona monica monika morgan muhammad murray nadia nancy naomi natalia natalie "
    "natasha nathan nathaniel neil nelson nicholas nick nicola nicolas nicole nigel nikhil nikolai nils nina noah "
    "nora norbert norma norman oleg oliver olivia olga omar oscar oskar otto pablo pamela paolo pascal patricia "
    "patrick paul paula pauline pedro peggy penelope peter petra phil philip philipp philippe phillip phoebe pierre "
    "priya rachel rafael raj rajesh ralf ralph ramon randall randy raphael rashid ravi ray raymond rebecca regina "
    "reinhard rene renate rhonda ricardo richard rick rita robert roberta roberto robin rodney roger roland rolf "
    "roman ronald ronnie rosa rosalind rose rosemary ross roy ruben rudolf rupert russell ruth ryan sabine sally "
    "salvatore sam samantha samir samuel sandra sanjay santiago sara sarah scott sean sebastian sergei sergey "
    "sergio seth shannon sharon shaun sheila shirley sidney siegfried silvia simon simone sofia sonia sophia sophie "
    "stacy stan stanley stefan stefanie stella stephan stephanie stephen steve steven stuart sue sunil susan "
    "susanne suzanne sven svetlana sylvia tamara tanya tara tatiana ted teresa terrence terry thea theo theodore "
    "theresa thomas tiffany tim timothy tina tobias todd tom tomas tommy toni tony tracy travis trevor tyler ulrich "
    "ulrike ursula uwe valentina valerie vanessa vera vernon veronica vicki vicky victor victoria viktor vincent "
    "viola virginia vivian vladimir wallace walter wang wanda warren wayne wei wendy werner wilhelm will willi "
    "william willie winston wolfgang xavier yan yang yasmin yolanda yuki yuri yusuf yves yvonne zachary zhang zoe"
)
