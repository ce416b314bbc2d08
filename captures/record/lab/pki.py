"""Certificates: roots are kept in captures/record/pki (test material, worth nothing); leaves are made anew for each recording."""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PKI = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pki")
ORIGIN_ROOT = "origin-root"  # signs the origins' certificates: what a client trusts without any proxy
GATEWAY_CA = "gateway-ca"  # Squid's interception authority
MITMPROXY_CA = "mitmproxy-ca"  # made by mitmproxy itself
LEAF_DAYS = 365


def path(name, kind="crt"):
    """Path of a root's certificate (`crt`) or key (`key`)."""
    return os.path.join(PKI, f"{name}.{kind}")


def make_root(name, common_name, days=365 * 30):
    """Make a root once; a root that is there already is kept, so that single captures can be recorded again."""
    if os.path.exists(path(name)):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Test"),
                         x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.utcnow()
    cert = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256()))
    _write(path(name), cert.public_bytes(serialization.Encoding.PEM))
    _write(path(name, "key"), _pem(key))


def leaf(directory, names, kind="ec", issuer=ORIGIN_ROOT, file=None, client=False):
    """A certificate for names signed by issuer. Gives (certificate path, key path) below directory."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    with open(path(issuer), "rb") as f:
        ca = x509.load_pem_x509_certificate(f.read())
    with open(path(issuer, "key"), "rb") as f:
        ca_key = serialization.load_pem_private_key(f.read(), None)
    now = datetime.datetime.utcnow()
    usage = x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH if client else x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
    cert = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
            .issuer_name(ca.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=30)).not_valid_after(now + datetime.timedelta(days=LEAF_DAYS))
            .add_extension(x509.SubjectAlternativeName([_san(n) for n in names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256()))
    base = os.path.join(directory, file or names[0])
    _write(base + ".crt", cert.public_bytes(serialization.Encoding.PEM))
    _write(base + ".key", _pem(key))
    return base + ".crt", base + ".key"


def bundle(directory, *roots):
    """One file with several roots, for a client that trusts them. Gives its path."""
    file = os.path.join(directory, "trust-" + "-".join(roots) + ".pem")
    with open(file, "wb") as out:
        for root in roots:
            with open(path(root), "rb") as f:
                out.write(f.read())
    return file


def _san(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.NoEncryption())


def _write(file, data):
    with open(file, "wb") as out:
        out.write(data)
    os.chmod(file, 0o644)
