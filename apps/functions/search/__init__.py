"""Natural-language search over functions: pure scoring, from the query's text to a confidence. No I/O, no Django."""
