"""How a programming language is named in a query, and which of these words mean something else as often. Pure data."""

# Written apart or by another name than those of apps.functions.languages.
SPOKEN = {
    "java script": "javascript",
    "node js": "javascript",
    "type script": "typescript",
    "go lang": "go",
    "c sharp": "csharp",
    ".net": "csharp",
    "c plus plus": "cpp",
    "f sharp": "fsharp",
    "objective c": "objectivec",
}

# These name a language wherever they stand. All others do only in a clear frame such as "in go".
UNMISTAKABLE = frozenset(
    {
        "python", "python2", "python3", "javascript", "java script", "js", "nodejs", "node js", "node.js", "ecmascript",
        "typescript", "type script", "java", "golang", "go lang", "csharp", "c#", "c-sharp", "c sharp", "c++", "cpp",
        "c plus plus", "fsharp", "f#", "kotlin", "php", "haskell", "clojure", "erlang", "elixir", "fortran", "cobol",
        "objective-c", "objectivec", "objective c", "ocaml", "matlab", "powershell", "solidity", "vb.net", "groovy",
    }
)  # fmt: skip

# Enough people put these first or last in a query for them to count there.
AT_THE_EDGES = frozenset({"rust", "swift", "scala", "ruby"})

# Also names of data, tools and everyday things: "find links in html" says nothing about the language of the code.
NEVER = frozenset(
    {
        "html", "css", "sql", "postgresql", "plpgsql", "shell", "sh", "bash", "zsh", "assembly", "scheme", "node",
        "crystal", "basic", "visual basic", "lisp", "delphi", "prolog", "elm", "ada", "nim", "pl", "cc", "cs", "vb",
    }
)  # fmt: skip

# Words after "in go" that show the language was meant: what is done goes on, or the query ends.
CONTINUATIONS = (
    "and", "as", "based", "by", "code", "from", "how", "if", "into", "like", "or", "so", "that", "to", "using", "via",
    "when", "where", "which", "while", "with", "without",
)  # fmt: skip

# Words that after a language's name show that the name was meant as one: "rust function to ...".
PROGRAMS = (
    "code", "example", "examples", "function", "functions", "implementation", "lang", "language", "library", "method",
    "program", "programming", "snippet", "syntax",
)  # fmt: skip

# Before a language's name at the end of a query, these show that something else was meant: "remove the rust".
# Stop words do so too.
NOT_BEFORE = frozenset({"any", "become", "no", "remove", "some"})
