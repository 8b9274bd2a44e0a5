"""The programming languages a function may be written in: names, other names, file endings."""

import difflib
from types import MappingProxyType

# Those whose source trees are read (apps.functions.extraction).
LANGUAGES = ("python", "javascript", "typescript", "java", "go", "rust", "csharp")

# Those a record may name.
RECORD_LANGUAGES = (
    *LANGUAGES,
    *("ada", "assembly", "bash", "c", "clojure", "cobol", "cpp", "crystal", "css", "dart", "elixir", "elm", "erlang"),
    *(
        "fortran",
        "fsharp",
        "groovy",
        "haskell",
        "html",
        "julia",
        "kotlin",
        "lisp",
        "lua",
        "matlab",
        "nim",
        "objectivec",
    ),
    *("ocaml", "pascal", "perl", "php", "powershell", "prolog", "r", "ruby", "scala", "scheme", "solidity", "sql"),
    *("swift", "vb", "zig"),
)

ALIASES = MappingProxyType(
    {
        "py": "python",
        "python2": "python",
        "python3": "python",
        "js": "javascript",
        "jsx": "javascript",
        "ecmascript": "javascript",
        "node": "javascript",
        "nodejs": "javascript",
        "node.js": "javascript",
        "ts": "typescript",
        "tsx": "typescript",
        "golang": "go",
        "rs": "rust",
        "c#": "csharp",
        "cs": "csharp",
        "c-sharp": "csharp",
        "c_sharp": "csharp",
        "c++": "cpp",
        "cxx": "cpp",
        "cc": "cpp",
        "f#": "fsharp",
        "rb": "ruby",
        "kt": "kotlin",
        "sh": "bash",
        "shell": "bash",
        "zsh": "bash",
        "hs": "haskell",
        "jl": "julia",
        "pl": "perl",
        "ps1": "powershell",
        "objective-c": "objectivec",
        "objc": "objectivec",
        "delphi": "pascal",
        "visual basic": "vb",
        "vb.net": "vb",
        "postgresql": "sql",
        "plpgsql": "sql",
    }
)

SOURCE_ENDINGS = MappingProxyType(
    {
        ".py": "python",
        ".js": "javascript",
        ".mjs": "javascript",
        ".cjs": "javascript",
        ".jsx": "javascript",
        ".ts": "typescript",
        ".mts": "typescript",
        ".cts": "typescript",
        ".tsx": "typescript",
        ".java": "java",
        ".go": "go",
        ".rs": "rust",
        ".cs": "csharp",
    }
)

_KNOWN = frozenset(RECORD_LANGUAGES)
_LONGEST = 40


def find_language(text: str) -> str | None:
    """Return the canonical name for a language's name or alias in any case, or None when it is not known."""
    folded = text.strip().lower()
    name = ALIASES.get(folded, folded)
    return name if name in _KNOWN else None


def suggest_language(text: str) -> str | None:
    """Return the known language whose name is nearest to a wrongly spelled one, or None when none is near."""
    names = [*RECORD_LANGUAGES, *ALIASES]
    nearest = difflib.get_close_matches(text.strip().lower()[:_LONGEST], names, n=1, cutoff=0.6)
    return find_language(nearest[0]) if nearest else None


def explain_unknown_language(text: str) -> str:
    """Return the sentence part that tells a person what is wrong with a language's name."""
    shown = text.strip()[:_LONGEST]
    suggestion = suggest_language(text)
    hint = f"did you mean “{suggestion}”?" if suggestion else f"known are {', '.join(RECORD_LANGUAGES)}"
    return f"“{shown}” is not a known language; {hint}"


def language_of_path(path: str) -> str | None:
    """Return the language that a file's ending stands for among those whose source is read, or None."""
    dot = path.rfind(".")
    return SOURCE_ENDINGS.get(path[dot:].lower()) if dot >= 0 else None
