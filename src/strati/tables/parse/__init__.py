"""A question in plain English to a query, without a language model: the twelve shapes of `reading.Shape`.

Data flows down this list: `tokens` (words, numbers, dates), `lexicon` (the words we know), `link` (which words mean
which column or value), `reading` (what was understood), `intent` (how it is put together), `render` (SQL and words).
"""
