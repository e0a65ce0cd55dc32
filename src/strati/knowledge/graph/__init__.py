"""Connect: what the documents of a base speak of, and how it hangs together; every edge stands on quoted words.

Data flows down this list: `records` (what is passed on), `settings` ([graph] of strati.toml), `lists` (small word lists
of ours), `words` (tokens and casing), `patterns` (dates, amounts, identifiers), `names` (organisations, persons,
places, terms), `definitions` ("Acme Ltd. (the "Company")"), `relations` (what a sentence says of two entities),
`reading` (all of it for one document), `store` (readings in the base), `linking` (which names are one entity),
`model` (the graph), `build`, and what is asked of it: `find`, `paths`, `likeness`, `review`, `export`.
"""
