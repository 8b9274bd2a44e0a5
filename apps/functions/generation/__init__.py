"""Test cases out of a catalogue: queries as people write them, each with all its right answers. No I/O, no Django."""

from apps.functions.generation.generate import generate
from apps.functions.generation.kinds import KINDS
from apps.functions.generation.subjects import GeneratedCase, Subject

__all__ = ["KINDS", "GeneratedCase", "Subject", "generate"]
