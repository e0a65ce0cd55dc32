"""Where knowledge is kept: `contract` says what a store does, `sqlite` is the embedded one.

What differs between databases is apart from what does not: `schema` and `sqlite` use the subset of SQL that PostgreSQL
knows as well; `sqlite_search` (ranking, vocabulary) is a dialect file, and `lock` stands for the claims of a server.
Vectors are rows of bytes in every dialect; another store may search them itself.
"""
