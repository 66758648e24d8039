"""What is to be signed: a machine's own key, and the request for a certificate that is made of it.

How does this work?  The key is made where it is used and never leaves that machine; the request carries its public
half, and proves that whoever asks has the other one.  What else a request says of its sender does not count: who
somebody is decides the one who signs.
"""

from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from brender.security.problems import NotSecure

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
MOST_REQUEST = 16_384  # bytes; with the longest key about 2,000
RSA_BITS = range(2048, 8193)


def new_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(pem: bytes, whose: str) -> PrivateKey:
    """Raises `NotSecure`."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotSecure(f"The private key in {whose} cannot be read: {error}.") from error
    if not isinstance(key, PrivateKey):
        raise NotSecure(f"The private key in {whose} is not one that brender has made (ECDSA).")
    return key


def request_for(key: PrivateKey) -> str:
    """A request for a certificate, as PEM."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def digest_of(key: PublicKey) -> str:
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def asked_for(request: str) -> PublicKey:
    """The key that a certificate is asked for.  Raises `NotSecure`."""
    try:
        if len(request) > MOST_REQUEST:
            raise NotSecure(f"A request for a certificate may have {MOST_REQUEST:,} characters.")
        read = x509.load_pem_x509_csr(request.encode())
        if not read.is_signature_valid:
            raise NotSecure("The request for a certificate is not signed with the key that is in it.")
        key = read.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotSecure(f"The request for a certificate cannot be read: {error}.") from error
    if not (
        (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in {"secp256r1", "secp384r1", "secp521r1"})
        or isinstance(key, ed25519.Ed25519PublicKey)
        or (isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS)
    ):
        raise NotSecure("A certificate is made for keys of ECDSA (P-256 and longer), Ed25519, or RSA from 2,048 bits.")
    return key
