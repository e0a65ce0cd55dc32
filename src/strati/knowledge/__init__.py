"""Know: documents in, every passage findable, every place exact.

Data flows down this list: `document` (what a reader gives), `builder` (how it is put together), `reader` (which
reader for which bytes), `readers/` (one a format), `passages`, `store/`, `ingest/`, `search/`, `base` (all in one).
"""
