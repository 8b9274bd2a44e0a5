"""Requests to addresses that somebody typed in: the one home of what guards the inside of the network from them.

Whoever sets such an address chooses where the server connects to. So the host is resolved once, each of its addresses
must be on the public internet, and the connection goes to one that was checked: a name that leads elsewhere a moment
later changes nothing. Redirects are answers like any other, nobody follows them. Time and size have bounds.
"""

from apps.core.outgoing.addresses import NotReached, refuse_inner
from apps.core.outgoing.asking import Answer, ask
from apps.core.outgoing.urls import UrlRefused, check_url

__all__ = ["Answer", "NotReached", "UrlRefused", "ask", "check_url", "refuse_inner"]
