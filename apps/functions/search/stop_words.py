"""Words that say nothing about what a function does, as people write them in queries and authors in comments."""

_TEXT = """
a about also am an and any anyone are as at be been best better but by can could did do does doing done each either
else for from good had has have help here hi how i if in instead into is it its itself just kind like me my need
of on one or other our out please possible should show simple simply so some somehow someone such tell than that
the their them then there these they thing things this those through to try trying up us use used uses using
want wants was way ways we well were what when where which while who why will with without work works would you
your
"""

STOP_WORDS = frozenset(_TEXT.split())
