"""Countries, states of the United States, provinces and large cities, with other names they go by."""

from __future__ import annotations

from strati.kinds.extract.lists import word_set

# One a line or comma: "name" or "name = other name = ...".
_COUNTRIES = """Afghanistan, Albania, Algeria, Andorra, Angola, Argentina, Armenia, Australia, Austria =
Österreich, Azerbaijan, Bahamas, Bahrain, Bangladesh, Barbados, Belarus, Belgium = Belgien, Belize, Benin,
Bermuda, Bhutan, Bolivia, Bosnia and Herzegovina = Bosnia, Botswana, Brazil = Brasilien = Brasil, Brunei,
Bulgaria, Burkina Faso, Burundi, Cambodia, Cameroon, Canada = Kanada, Cape Verde, Cayman Islands, Chad, Chile,
China = People's Republic of China = PRC, Colombia, Congo, Costa Rica, Croatia, Cuba, Cyprus, Czech Republic =
Czechia, Denmark = Dänemark, Djibouti, Dominican Republic, Ecuador, Egypt, El Salvador, Eritrea, Estonia,
Ethiopia, Fiji, Finland, France = Frankreich, Gabon, Gambia, Germany = Deutschland = Federal Republic of
Germany, Ghana, Gibraltar, Greece, Greenland, Grenada, Guatemala, Guernsey, Guinea, Guyana, Haiti, Honduras,
Hong Kong, Hungary, Iceland, India, Indonesia, Iran, Iraq, Ireland, Israel = State of Israel, Italy = Italien =
Italia, Ivory Coast, Jamaica, Japan, Jersey, Kazakhstan, Kenya, Kosovo, Kuwait, Kyrgyzstan, Laos, Latvia,
Lebanon, Lesotho, Liberia, Libya, Liechtenstein, Lithuania, Luxembourg = Luxemburg, Madagascar, Malawi,
Malaysia, Maldives, Mali, Malta, Marshall Islands, Mauritania, Mauritius, Mexico, Moldova, Monaco, Mongolia,
Montenegro, Morocco, Mozambique, Myanmar = Burma, Namibia, Nepal, Netherlands = The Netherlands = Holland, New
Zealand, Nicaragua, Niger, Nigeria, North Korea, North Macedonia, Norway = Norwegen, Oman, Pakistan, Palestine,
Panama, Papua New Guinea, Paraguay, Peru, Philippines, Poland = Polen, Portugal, Qatar, Romania, Russia =
Russian Federation, Rwanda, Samoa, San Marino, Saudi Arabia, Senegal, Serbia, Seychelles, Sierra Leone,
Singapore, Slovakia, Slovenia, Somalia, South Africa, South Korea = Republic of Korea, South Sudan, Soviet
Union, Spain = Spanien = España, Sri Lanka, Sudan, Suriname, Sweden = Schweden, Switzerland = Schweiz, Syria,
Taiwan, Tajikistan, Tanzania, Thailand, Togo, Trinidad and Tobago, Tunisia, Turkey = Türkiye, Turkmenistan,
Uganda, Ukraine, United Arab Emirates = UAE, United Kingdom = UK = U.K. = Great Britain = Britain, United States
= USA = U.S.A. = U.S. = United States of America, Uruguay, Uzbekistan, Vatican City, Venezuela, Vietnam, Virgin
Islands = British Virgin Islands, Yemen, Yugoslavia, Zambia, Zimbabwe, England, Scotland, Wales, Northern
Ireland, European Union = EU"""
_STATES = """Alabama, Alaska, Arizona = Ariz., Arkansas = Ark., California = Calif., Colorado = Colo.,
Connecticut = Conn., Delaware, Florida = Fla., Hawaii, Idaho, Illinois = Ill., Indiana, Iowa, Kansas, Kentucky,
Louisiana, Maine, Maryland = Md., Massachusetts = Mass., Michigan = Mich., Minnesota = Minn., Mississippi =
Miss., Missouri, Montana, Nebraska, Nevada = Nev., New Hampshire = N.H., New Jersey = N.J., New Mexico = N.M.,
North Carolina = N.C., North Dakota = N.D., Ohio, Oklahoma = Okla., Oregon, Pennsylvania, Rhode Island = R.I.,
South Carolina = S.C., South Dakota = S.D., Tennessee = Tenn., Texas, Utah, Vermont, Virginia, Washington =
Washington State, West Virginia = W.Va., Wisconsin, Wyoming, Puerto Rico, District of Columbia, Ontario, Quebec,
British Columbia, Alberta, Nova Scotia, Manitoba, Saskatchewan, New South Wales, Queensland, Tasmania, Bavaria =
Bayern, Saxony = Sachsen, Hesse = Hessen, Catalonia, Lombardy, Tuscany, Sicily, Siberia, Crimea, Kashmir,
Punjab, Guangdong, Hokkaido"""
_CITIES = """London, Paris, Berlin, Madrid, Rome = Roma, Vienna = Wien, Zurich = Zürich, Geneva, Basel, Bern,
Brussels, Amsterdam, Rotterdam, The Hague, Copenhagen, Stockholm, Oslo, Helsinki, Dublin, Edinburgh, Glasgow,
Belfast, Cardiff, Manchester, Birmingham, Liverpool, Leeds, Bristol, Oxford, Cambridge, Lisbon, Porto,
Barcelona, Valencia, Seville, Milan = Milano, Turin = Torino, Naples, Venice, Florence, Bologna, Genoa, Munich =
München, Hamburg, Frankfurt, Cologne = Köln, Stuttgart, Düsseldorf, Dortmund, Leipzig, Dresden, Hanover =
Hannover, Nuremberg = Nürnberg, Bremen, Salzburg, Graz, Innsbruck, Linz, Prague, Brno, Warsaw, Krakow, Gdansk,
Budapest, Bucharest, Sofia, Belgrade, Zagreb, Ljubljana, Sarajevo, Athens, Istanbul, Ankara, Moscow, St.
Petersburg = Saint Petersburg, Kiev = Kyiv, Minsk, Riga, Vilnius, Tallinn, Reykjavik, Lyon, Marseille, Toulouse,
Nice, Bordeaux, Strasbourg, Lille, Nantes, Monaco, Luxembourg City, New York = New York City = NYC, Los Angeles,
Chicago, Houston, Philadelphia, Phoenix, San Antonio, San Diego, Dallas, San Jose, Austin, San Francisco,
Seattle, Denver, Boston, Detroit, Nashville, Memphis, Portland, Las Vegas, Baltimore, Milwaukee, Albuquerque,
Tucson, Sacramento, Kansas City, Atlanta, Miami, Oakland, Minneapolis, Cleveland, New Orleans, Honolulu, St.
Louis, Pittsburgh, Cincinnati, Salt Lake City, Palo Alto, Mountain View, Santa Clara, Cupertino, Redmond,
Washington D.C. = Washington DC, Anchorage, Charlotte, Indianapolis, Columbus, Jacksonville, Orlando, Tampa,
Richmond, Toronto, Montreal, Vancouver, Ottawa, Calgary, Edmonton, Mexico City, Guadalajara, Monterrey, Havana,
Bogota, Lima, Santiago, Buenos Aires, Montevideo, Sao Paulo = São Paulo, Rio de Janeiro, Brasilia, Caracas,
Quito, La Paz, Tokyo, Osaka, Kyoto, Yokohama, Nagoya, Seoul, Busan, Beijing = Peking, Shanghai, Shenzhen,
Guangzhou, Hangzhou, Wuhan, Taipei, Hanoi, Ho Chi Minh City, Bangkok, Kuala Lumpur, Jakarta, Manila, Mumbai =
Bombay, Delhi, New Delhi, Bangalore = Bengaluru, Chennai, Hyderabad, Kolkata = Calcutta, Karachi, Lahore,
Islamabad, Dhaka, Colombo, Kathmandu, Kabul, Tehran, Baghdad, Damascus, Beirut, Amman, Jerusalem, Tel Aviv,
Haifa, Riyadh, Jeddah, Dubai, Abu Dhabi, Doha, Muscat, Cairo, Alexandria, Casablanca, Tunis, Algiers, Tripoli,
Khartoum, Addis Ababa, Nairobi, Kampala, Kigali, Lagos, Abuja, Accra, Dakar, Johannesburg, Cape Town, Durban,
Pretoria, Harare, Lusaka, Luanda, Sydney, Melbourne, Brisbane, Perth, Adelaide, Canberra, Auckland, Wellington,
Gaza, West Bank, Hollywood, Manhattan, Brooklyn, Silicon Valley, Wall Street, Europe, Asia, Africa, North
America, South America, Latin America, Middle East, Antarctica, Pacific Ocean, Atlantic Ocean, Mediterranean"""


def _table(*lists: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in lists:
        for entry in " ".join(text.split()).split(","):
            names = [name.strip() for name in entry.split("=")]
            for name in names:
                found.setdefault(name.casefold(), names[0])
    return found


STATES = _table(_STATES)
COUNTRIES = _table(_COUNTRIES)
# Every name in lower case -> the name that is shown.
PLACES = _table(_COUNTRIES, _STATES, _CITIES)
# Also given names or words: places only after a preposition or before a state.
DOUBTFUL = word_set(
    "georgia jordan chad austin charlotte virginia florence sofia nice milan cologne turkey carolina dallas lima "
    "orlando columbus perth phoenix richmond washington jersey mali niger portland wellington santiago"
)
# Postal codes of states count after a comma only ("Austin, TX").
CODES = {
    "al": "Alabama", "ak": "Alaska", "az": "Arizona", "ar": "Arkansas", "ca": "California", "co": "Colorado",
    "ct": "Connecticut", "de": "Delaware", "fl": "Florida", "ga": "Georgia", "hi": "Hawaii", "id": "Idaho",
    "il": "Illinois", "in": "Indiana", "ia": "Iowa", "ks": "Kansas", "ky": "Kentucky", "la": "Louisiana", "me": "Maine",
    "md": "Maryland", "ma": "Massachusetts", "mi": "Michigan", "mn": "Minnesota", "ms": "Mississippi", "mo": "Missouri",
    "mt": "Montana", "ne": "Nebraska", "nv": "Nevada", "nh": "New Hampshire", "nj": "New Jersey", "nm": "New Mexico",
    "ny": "New York", "nc": "North Carolina", "nd": "North Dakota", "oh": "Ohio", "ok": "Oklahoma", "or": "Oregon",
    "pa": "Pennsylvania", "ri": "Rhode Island", "sc": "South Carolina", "sd": "South Dakota", "tn": "Tennessee",
    "tx": "Texas", "ut": "Utah", "vt": "Vermont", "va": "Virginia", "wa": "Washington", "wv": "West Virginia",
    "wi": "Wisconsin", "wy": "Wyoming", "dc": "District of Columbia", "uk": "United Kingdom", "usa": "United States",
}  # fmt: skip
DEMONYMS = word_set(
    "american british english scottish welsh irish german french italian spanish portuguese dutch belgian swiss "
    "austrian swedish norwegian danish finnish polish czech hungarian romanian bulgarian greek turkish russian "
    "ukrainian chinese japanese korean indian pakistani israeli palestinian iranian iraqi egyptian african asian "
    "european canadian mexican brazilian argentine australian arab jewish christian muslim western latin soviet"
)
