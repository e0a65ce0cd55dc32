"""A question in plain English to a query, without a language model: the twelve shapes of `reading.Shape`.

Data flows down this list: `tokens` (words, numbers, dates), `lexicon` (the words we know, in `words.toml`), `link`
(which words mean which column or value), `reading` (what can be understood), `state`, `filters`, `tidy`, `parts`,
`compare`, `groups`, `superlative`, `rows` and `intent` (how it is put together, shape by shape), `render` (SQL and
words), `parser` (all readings of a question, the likeliest first).
"""
