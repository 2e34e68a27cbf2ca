"""The stand-in's own key pairs for webhooks. They sign nothing outside this machine, and are the same in every run.

The vendor's public keys verify the vendor's deliveries only; a receiver that is to believe the stand-in is given these
(`GET /_sandbox/state/highlevel`, under `webhook_keys`).
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.sandbox.core import Document

CURRENT, RETIRING = "X-GHL-Signature", "x-wh-signature"
_SEED = hashlib.sha256(b"bridge sandbox highlevel ed25519").digest()
_EXPONENT = 65537
_P = (
    "dc2e9dcd723bbb41717041fc4232d8b1e1699a1a88795feb72cdedcb7a5b01b9c7726794cd2ee8cd83bb7c9905042dbc98fd"
    "6b90f3b34bebf47e41dec91646904ea2929ef62783c57e25aa84eebbb86dff69aeb0f0af609c27ac2627b524e7e4c47fd504"
    "cc6a705fdd53d88bfa7a72a0c0290c375772f86f04a3443e8d8fc6c4347d093e6b33b4c052e4f273df8931301f46544d07df"
    "7202f3119076f3f210f6ab9d4cc11d43ea1833313edf04878168433bb6c1a8b061efb6562b40990f222e89097a1f171ea9aa"
    "d41d03862e667fc6d152523d772d7a665e8852b03b79084f87789193d1ca38df919d43a067110aa26435fb01ba8217ccca29"
    "59eb7c41ec9b"
)
_Q = (
    "d6880b1399c6c33782855b96ef17c36ca6fe4f180e041c61dfe733680972b07c63083840227050efdee0507d1711ad1201b7"
    "f99081729649036120a3967667a9dfea28b615056c90149ac254a985fd4e4af1fa1d7c5b9d53ef7b85cdce9f5e20c626aa6f"
    "62f17bd8ee75340b00478cbef2bc4f43e32a53a1958f38eaac46902ab58967079234da6d4d2d0cd5efddb5186d2f7fe341c9"
    "efc30100e32e456edecdd929bed4ea5b1d5efc5076179181ba2cde6b5862283bb0722f1c9dc95a1a9455d6f389d65ef92f1e"
    "35a2ef5c056da2d50798bbf531c119f95ad1698bf0329293222984b47fc2ebc1702548e598138fa267b75777127e7b2ca9d1"
    "ef33ed2fc7c1"
)


@cache
def _ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_SEED)


@cache
def _rsa() -> rsa.RSAPrivateKey:
    p, q = int(_P, 16), int(_Q, 16)
    d = rsa.rsa_recover_private_exponent(_EXPONENT, p, q)
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key()


def signatures(body: bytes, which: str) -> dict[str, str]:
    """The headers that vouch for a raw body: `both`, `current`, `legacy` or `none`."""
    found = {}
    if which in ("both", "current"):
        found[CURRENT] = base64.b64encode(_ed25519().sign(body)).decode()
    if which in ("both", "legacy"):
        found[RETIRING] = base64.b64encode(_rsa().sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
    return found


def public_keys() -> list[Document]:
    """What a receiver needs to check our signatures."""
    rows = ((CURRENT, "Ed25519", _ed25519().public_key()), (RETIRING, "RSA-SHA256", _rsa().public_key()))
    return [
        {
            "header": header,
            "algorithm": algorithm,
            "public_key_pem": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        }
        for header, algorithm, key in rows
    ]
