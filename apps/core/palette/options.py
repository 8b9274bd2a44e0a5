"""What the palette offers: one thing to open or to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """With `href` it opens an address; with `form` it sends that form of the page; with `control` it presses a control.

    `words` are what else it may be asked by, `note` stands at its end.
    """

    title: str
    icon: str
    href: str = ""
    form: str = ""
    control: str = ""
    note: str = ""
    words: str = ""
