"""One walk over a syntax tree finds the definitions of any language; only the LanguageSpec differs.

The walk goes by a cursor and keeps its own stack, so that no depth of nesting can exhaust Python's, and visits every
node once: queries and Node.parent take quadratic time on trees that hostile sources give.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.functions.extraction.spec import FILE, LanguageSpec, Names, Role, node_text

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

MAX_PATH = 20
# Functions in functions in functions; deeper ones are not looked for, for the code of each holds all those within.
MAX_FUNCTIONS = 3


@dataclass(frozen=True, slots=True)
class Definition:
    """A function found. `names` is its qualified name, and `doc` what its comments say.

    Its source goes from byte `start`, with decorators, to byte `end`; its signature starts at byte `head`.
    """

    node: "Node"
    names: Names
    doc: str
    start: int
    head: int
    end: int
    is_nested: bool
    is_method: bool


@dataclass(slots=True)
class Carry:
    """What a statement around a definition hands to it: the comments above, where they end, its extent, its name."""

    pending: list["Node"]
    below: int
    whole: "Node | None"
    names: Names | None = None
    is_wrapped: bool = False


@dataclass(slots=True)
class Frame:
    """A node whose children are being visited; `functions` counts those it is in."""

    names: Names = ()
    functions: int = 0
    is_class: bool = False
    carry: Carry | None = None
    pending: list["Node"] = field(default_factory=list)


class Walker:
    """Walks one tree. `errors` counts the regions that could not be parsed, complete once `definitions` ended."""

    def __init__(self, tree: "Tree", spec: LanguageSpec, source: bytes, file_name: str) -> None:
        self.tree = tree
        self.spec = spec
        self.source = source
        self.file_name = file_name
        self.errors = 0

    def definitions(self) -> Iterator[Definition]:
        """Yield the functions in the order of their starts."""
        cursor = self.tree.walk()
        roles = self.spec.roles
        frames = [Frame()]
        if not cursor.goto_first_child():
            return
        while True:
            node = cursor.node
            assert node is not None
            role = roles.get(node.type)
            frame = None
            if role is not None:
                frame, found = self._visit(node, role, frames[-1])
                if found is not None:
                    yield found
            elif node.is_named:
                frame = self._pass_by(node, frames[-1])
            if frame is not None and cursor.goto_first_child():
                frames.append(frame)
                continue
            while not cursor.goto_next_sibling():
                frames.pop()
                if not frames or not cursor.goto_parent():
                    self.errors = max(self.errors, int(self.tree.root_node.has_error))
                    return

    def _pass_by(self, node: "Node", parent: Frame) -> Frame | None:
        """Return the frame for the children of a node that has no role: most nodes, so this is kept short."""
        if parent.carry is None:
            # Before a carry is taken, the comments above still belong to it: the `a` of `a = function () {}`.
            parent.pending = []
        if node.child_count == 0:
            return None
        if node.is_error:
            self.errors += 1
        return Frame(parent.names, parent.functions, parent.is_class)

    def _visit(self, node: "Node", role: Role, parent: Frame) -> tuple[Frame | None, Definition | None]:
        """Return the frame for the node's children, None to leave them out, and the definition it is, if any."""
        if role is Role.COMMENT or role is Role.LEAD:
            parent.pending.append(node)
            return None, None
        if role is Role.LEAF:
            parent.pending = parent.pending if parent.carry else []
            return None, None
        carry = self._take_carry(node, parent)
        if role is Role.FUNCTION or role is Role.VALUE:
            return self._visit_function(node, role, parent, carry)
        frame = Frame(parent.names, parent.functions, parent.is_class)
        if role is Role.BINDER:
            frame.carry = self._bind(node, carry)
        elif role is Role.PASS or role is Role.CALL:
            carry.is_wrapped |= role is Role.CALL
            frame.carry = carry
        elif role is Role.SCOPE or role is Role.VALUE_SCOPE:
            frame.names = _join(parent.names, self._name_scope(node, role, carry))
            frame.is_class = node.type not in self.spec.modules
        return frame, None

    def _take_carry(self, node: "Node", parent: Frame) -> Carry:
        """Give the comments before a node, and what the statement around it hands on, to the node."""
        pending, parent.pending = parent.pending, []
        given = parent.carry
        if given is None:
            return Carry(pending, node.start_byte, node)
        parent.carry = Carry([], node.end_byte, None, is_wrapped=given.is_wrapped)
        return Carry([*given.pending, *pending], given.below, given.whole or node, given.names, given.is_wrapped)

    def _bind(self, node: "Node", carry: Carry) -> Carry:
        names = self.spec.bind(node, self.source)
        shares = sum(self.spec.roles.get(child.type) is Role.BINDER for child in node.named_children) > 1
        whole = None if shares else carry.whole
        return Carry(carry.pending, carry.below, whole, carry.names if names is None else names)

    def _visit_function(
        self, node: "Node", role: Role, parent: Frame, carry: Carry
    ) -> tuple[Frame | None, Definition | None]:
        if parent.functions >= MAX_FUNCTIONS:
            return None, None
        names = self.spec.name_of(node, self.source)
        if role is Role.VALUE:
            names = self._name_value(names, carry)
        found = self._define(node, _join(parent.names, names), parent, carry) if names else None
        if found is None or (carry.is_wrapped and not found.doc):
            # An anonymous callback or module wrapper: what is inside it is as good as outside.
            return Frame(parent.names, parent.functions, parent.is_class), None
        return Frame(found.names, parent.functions + 1), found

    def _name_value(self, own: Names, carry: Carry) -> Names:
        """A function expression has the name it is bound to; where that is the file's, its own goes first."""
        if carry.names == FILE:
            return own or (self.file_name,)
        return carry.names or ()

    def _name_scope(self, node: "Node", role: Role, carry: Carry) -> Names:
        names = carry.names or () if role is Role.VALUE_SCOPE else ()
        if names and names != FILE:
            return names
        own = self.spec.name_of(node, self.source)
        return (self.file_name,) if not own and names == FILE and node.type not in self.spec.modules else own

    def _define(self, node: "Node", names: Names, parent: Frame, carry: Carry) -> Definition:
        whole = carry.whole or node
        comments, leads = self._split_pending(carry.pending, carry.below)
        inside = [before.end_byte for before in carry.pending if before.start_byte >= whole.start_byte]
        return Definition(
            node=node,
            names=names,
            doc=self.spec.read_doc(node, comments, self.source),
            start=min([whole.start_byte, *(lead.start_byte for lead in leads)]),
            head=max([whole.start_byte, *inside]),
            end=max(whole.end_byte, node.end_byte),
            is_nested=parent.functions > 0,
            is_method=parent.is_class,
        )

    def _split_pending(self, pending: list["Node"], start: int) -> tuple[list[str], list["Node"]]:
        """Return the comments and the decorators that reach down to `start` without a blank line between."""
        comments: list[str] = []
        leads: list[Node] = []
        for node in reversed(pending):
            if node.start_byte < start and not self._touches(node, start):
                break
            if self.spec.roles[node.type] is Role.LEAD:
                leads.append(node)
            elif not self._trails(node):
                comments.append(node_text(node, self.source))
            start = min(start, node.start_byte)
        return comments[::-1], leads[::-1]

    def _touches(self, node: "Node", start: int) -> bool:
        gap = self.source[node.end_byte : start]
        return not gap.strip() and gap.count(b"\n") <= 1

    def _trails(self, comment: "Node") -> bool:
        """Tell whether a comment stands at the end of a line that says something else."""
        line_start = self.source.rfind(b"\n", 0, comment.start_byte) + 1
        before = self.source[line_start : comment.start_byte].strip()
        after = self.source[comment.end_byte : comment.end_byte + 1]
        return bool(before) and not before.endswith(b"{") and after in (b"", b"\n")


def _join(path: Names, names: Names) -> Names:
    return (*path, *names)[-MAX_PATH:]
