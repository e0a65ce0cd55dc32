"""Extract: where names, values and relations stand in a text.

Data flows down this list: `values` (the forms of an answer), `space`, `metrics`, `tokens` (spans as a tag for each
token), `gazetteer`, `features` and `crf`, `pairs` (relations), `fields`, `llm`, `checks`, `ladder`, `kind`. `lists`,
`words` and `patterns` are what is known of names without any labels; the knowledge graph uses them, too.
"""
