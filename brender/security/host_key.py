"""The key by which a server is known over SSH: made once, and kept among the secrets of its state folder."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from brender.security import secret_files

FILE = "ssh_host_key"


def host_key(state: Path) -> bytes:
    """The private key, as OpenSSH writes them.  Raises `OSError`."""
    path = secret_files.folder_in(state) / FILE
    if not path.exists():
        made = Ed25519PrivateKey.generate()
        secret_files.write(path, made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path.read_bytes()
