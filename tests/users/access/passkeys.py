"""Passkeys as a browser would have made them, for tests of pages that read what was stored."""

import secrets
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from apps.users.models import User


def make_passkey(owner: User) -> Authenticator:
    data = {"name": "Key", "credential": make_credential()}
    return Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data=data)


def make_credential() -> dict[str, Any]:
    """The browser's answer to a registration, with a key that nobody has."""
    name = secrets.token_bytes(16)
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    held = AuthenticatorData.create(bytes(32), flags, 0, AttestedCredentialData.create(Aaguid.NONE, name, public))
    return {
        "id": websafe_encode(name),
        "rawId": websafe_encode(name),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(
                CollectedClientData.create("webauthn.create", bytes(16), "http://localhost")
            ),
            "attestationObject": websafe_encode(AttestationObject.create("none", held, {})),
        },
    }
