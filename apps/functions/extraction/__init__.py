"""Functions out of source code, for seven languages, by tree-sitter.

A function is kept when it has a body that does something. Without documentation, functions inside other functions and
accessors of one name are left out; each one left out is counted with its reason (SkipReason).
"""

from apps.functions.extraction.extract import extract_functions, extract_main_function
from apps.functions.extraction.results import UNREADABLE, ExtractedFunction, Extraction, Skipped, SkipReason

__all__ = [
    "UNREADABLE",
    "ExtractedFunction",
    "Extraction",
    "SkipReason",
    "Skipped",
    "extract_functions",
    "extract_main_function",
]
