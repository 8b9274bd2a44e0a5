"""Words the generator knows. Pure data."""

from types import MappingProxyType

_VERBS_TEXT = """
abort accept access accumulate acquire activate adapt add adjust advance aggregate align allocate allow analyse
analyze annotate append apply approximate archive arrange ask assemble assert assign attach attempt authenticate
authorize await balance batch become begin bind bisect blend block bound break broadcast buffer build bypass cache
calculate call cancel canonicalize capitalize capture cast catch center chain change check choose chunk clamp clean
cleanup clear clip clone close coerce collapse collect combine compact compare compile complete compose compress
compute concat concatenate configure confirm connect construct consume contain continue convert copy count cover
create crop cycle debounce debug decide declare decode decompress decorate decrease decref decrypt deduplicate defer
define deflate delay delegate delete deliver demote dequeue derive describe deserialize destroy detach detect
determine diff digest disable discard disconnect discover dispatch display dispose distribute divide download drain
draw drop dump duplicate echo edit emit empty enable encode encrypt end enqueue ensure enter enumerate erase escape
establish estimate evaluate evict examine exclude exec execute exit expand expire explain export expose extend extract
fail fetch fill filter finalize find finish fire fit fix flatten flip flush fold force forget fork format forward free
freeze generate get give grab group grow guess handle hash hide highlight identify ignore implement import increase
increment indent indicate infer inflate init initialize inject insert inspect install instantiate interpolate
interpret intersect invalidate invert invoke isolate issue iterate join jump keep kill label launch leave lex limit
link list listen load locate lock log lookup loop lower make manage map mark mask match measure memoize merge migrate
minimize mix modify monitor mount move multiply mutate navigate negate negotiate normalize notify observe obtain offer
omit open optimize order organize output override pack pad paint parse partition pass paste patch pause peek perform
permute persist pick ping pipe place play plot poll pop populate post prepare prepend preserve press prevent print
process produce profile project promote prompt propagate protect provide prune publish pull purge push put query queue
quit quote raise randomize reach read rebuild recalculate receive record recover recv redirect redo reduce refresh
register reject release reload remove rename render reopen repair repeat replace reply report represent request
require reserve reset reshape resize resolve respond restart restore restrict resume retain retrieve retry return
reveal reverse revert revoke rewind rewrite rotate round route run sample sanitize save scale scan schedule scroll
seal search seek select send separate serialize serve set setup shift show shrink shuffle shut shutdown sign signal
simplify simulate skip sleep slice slide solve sort spawn specify split start stat step stop store stream strip
subscribe substitute subtract sum suppress suspend swap switch synchronize take tell terminate test throttle throw
toggle tokenize touch trace track train transfer transform translate transmit traverse trigger trim truncate try turn
unbind uncompress undo unescape unfold uninstall unlink unload unlock unmount unpack unquote unregister unsubscribe
unwrap unzip update upgrade upload uppercase use validate verify view visit wait wake walk warn watch wrap write yield
zip
"""

# What functions do, as the first word of a name or a description, in its plain form.
VERBS = frozenset(_VERBS_TEXT.split())

_AMBIGUOUS_TEXT = """
access batch block bound buffer cache call cast center chain change chunk cover cycle delay diff digest dump echo
empty end exit export filter fit fold format free group handle hash import init invert issue iterate join label limit
link list load lock log loop lower map mark mask match measure mix move open order output override pad patch pause
peek pick ping pipe place plot poll post press process produce profile prompt query queue quote record redirect
release repeat reply report request reset restart retry reverse route run sample scale scan schedule seal
search separate set setup shift show sign signal slice sort spawn split start stat step stop store stream sum switch
test throw track train transfer transform try uppercase use view visit wait walk watch wrap zip
"""

# Those that are as often something: "buffer size" does not buffer.
AMBIGUOUS = frozenset(_AMBIGUOUS_TEXT.split())

_GENERIC_TEXT = """
above according after again all already also always another argument arguments associated based because before being
below both called caller calls class code constructor constructors containing contains corresponding current currently
default defined does each either else even every except exist existing exists false first following foo function
functions generic getter given giving handled impl implementation implements including indicated instance instances
internal invoked is isn just kind last like made may maybe method methods might more most must name named names
necessary new next nil none normally not note null number obj object objects off old only operation optional otherwise
own param parameter parameters params passed performs possible present private provided public result results return
returned returning returns routine same second see self set setter since single some something special specific
specified still subclass subclasses such super supported takes than them then there these thing this three true two
type types under unless until upon used using usually value values very via void whether within yes
"""

# Words that say little about what a function does, though search takes them in.
GENERIC = frozenset(_GENERIC_TEXT.split())

# How a description begins that tells a reader of the code something, and a user of the function nothing.
BOILERPLATE = (
    "a helper", "a specialized version", "abstract", "acts like", "alias", "an implementation", "another", "as above",
    "base ", "base class", "called", "can be", "compatibility", "constructor", "copyright", "default implementation",
    "deprecated", "do not", "docstring", "don't", "dummy", "fixme", "for internal", "generic", "helper", "hook",
    "given ",
    "if ", "implementation", "implements", "in the", "inherit", "initializer", "internal", "invoked", "is ", "it ",
    "like ", "must", "no-op", "noop", "not ", "note", "obsolete", "only ", "overridden", "override", "package",
    "placeholder", "please", "private", "recursive helper", "reserved", "same", "see ", "sent", "should", "similar",
    "since", "sole constructor", "specialized", "stub", "subclass", "test", "that", "the base", "the default",
    "the implementation", "the method", "the opposite", "there ", "these", "they", "this", "throw ", "thrown",
    "throws", "to be", "to do", "todo", "undocumented", "unless", "unspecified", "unsupported", "unused", "used",
    "utility", "version of", "we ", "when ", "wrapper", "xxx", "you ", "your",
)  # fmt: skip

# Fine as synonyms for search, and nothing that a person would put in another word's place.
AWKWARD = frozenset(
    {"ndarray", "new", "sorted", "chr", "mat", "sec", "setup", "number", "num", "drop", "formatting", "arrs"}
)

# How people say in which language it is to be: before the subject, and after it.
SPOKEN = MappingProxyType(
    {
        "python": (("python",), ("in python", "python", "using python")),
        "javascript": (("javascript", "js"), ("in javascript", "javascript", "in js", "js")),
        "typescript": (("typescript",), ("in typescript", "typescript")),
        "java": (("java",), ("in java", "java")),
        "go": (("golang",), ("in go", "golang", "in golang")),
        "rust": (("rust",), ("in rust",)),
        "csharp": (("c#", "csharp"), ("in c#", "c#", "in csharp")),
        "cpp": (("c++",), ("in c++", "c++")),
        "c": ((), ("in c",)),
        "fsharp": (("f#",), ("in f#",)),
        "objectivec": (("objective-c",), ("in objective-c",)),
        "vb": ((), ("in vb.net",)),
    }
)

# The letters beside each letter of a keyboard.
NEIGHBOURS = MappingProxyType(
    {
        "a": "qswz", "b": "ghnv", "c": "dfvx", "d": "cefrsx", "e": "drsw", "f": "cdgrtv", "g": "bfhtvy",
        "h": "bgjnuy", "i": "jkou", "j": "hikmnu", "k": "ijlmo", "l": "kop", "m": "jkn", "n": "bhjm", "o": "iklp",
        "p": "lo", "q": "aw", "r": "deft", "s": "adewxz", "t": "fgry", "u": "hijy", "v": "bcfg", "w": "aeqs",
        "x": "cdsz", "y": "ghtu", "z": "asx",
    }
)  # fmt: skip
