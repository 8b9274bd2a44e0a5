"""Search through PostgreSQL, for catalogues too large for files: SEARCH_BACKEND=postgres.

Triggers (migration 0004) keep an entry of each published function beside the catalogue: its words for full text, the
keys of its name, its vector. `building` switches them on, fills what is missing and makes the indexes; `candidates`
asks PostgreSQL for the best by words and by meaning; `index` ranks those as the index of files does; `holder` notices
edits.
"""
