"""The farm's CA, the server's certificate, and the files in which they are."""

import os
import time
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.people.invitation import Badge
from brender.security import secret_files, tokens
from brender.security.authority import DAY, FILE, PUBLIC, Authority, keep, of_the_farm
from brender.security.checking import badge_of, farms_own
from brender.security.identity import Brought, FarmsOwn
from brender.security.names import bare, is_loopback, names_of_server
from brender.security.problems import NotSecure
from brender.security.requests import key_pem, new_key, request_for

NOW = 1_800_000_000.0


class Farms(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = secret_files.folder_in(Path(self.mktemp()))
        self.now = NOW
        self.names = ["farm.studio", "10.0.0.5"]

    def authority(self) -> Authority:
        return of_the_farm(self.folder, lambda: self.now)

    def own(self) -> FarmsOwn:
        return FarmsOwn(self.authority(), self.folder, lambda: self.names, lambda: self.now)


class TheAuthority(Farms):
    def test_it_is_made_once(self) -> None:
        self.assertEqual(self.authority().fingerprint, self.authority().fingerprint)

    def test_nobody_else_may_read_its_key_or_look_into_its_folder(self) -> None:
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.authority()
        self.assertEqual((self.folder / FILE).stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        self.assertNotIn(b"PRIVATE", (self.folder / PUBLIC).read_bytes())

    def test_a_key_that_others_could_read_is_closed_to_them(self) -> None:
        self.authority()
        (self.folder / FILE).chmod(0o644)
        self.authority()
        self.assertEqual((self.folder / FILE).stat().st_mode & 0o777, 0o600)

    def test_what_cannot_be_read_is_not_replaced(self) -> None:
        self.authority()
        for broken in (b"x", (self.folder / FILE).read_bytes()[:-200], key_pem(new_key())):
            (self.folder / FILE).write_bytes(broken)
            with self.assertRaises(NotSecure) as caught:
                self.authority()
            self.assertIn(str(self.folder / FILE), str(caught.exception))
            self.assertEqual((self.folder / FILE).read_bytes(), broken)

    def test_a_key_with_the_certificate_of_another_one_is_refused(self) -> None:
        mixed = key_pem(new_key()) + Authority.made(NOW).certificate_pem
        self.assertIn("not the key's", self.failureOf(lambda: Authority.read(mixed, "there")))

    def failureOf(self, work: Any) -> str:
        with self.assertRaises(NotSecure) as caught:
            work()
        return str(caught.exception)

    def test_a_certificate_names_its_machine_whatever_its_key_is(self) -> None:
        authority = self.authority()
        for key in ("9b1d", "ключ: 7/ü", "x" * 255, "urn:brender:worker:9:other"):
            signed = authority.for_worker(request_for(new_key()), Badge(key, 3), NOW)
            self.assertEqual(badge_of(x509.load_pem_x509_certificate(signed.pem.encode())), Badge(key, 3))

    def test_weak_keys_get_no_certificate(self) -> None:
        weak = rsa.generate_private_key(65537, 1024)
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak, SHA256())
        pem = request.public_bytes(Encoding.PEM).decode()
        self.assertIn("2,048 bits", self.failureOf(lambda: self.authority().for_worker(pem, Badge("k", 1), NOW)))

    def test_a_request_that_is_far_too_long_is_not_read(self) -> None:
        self.assertIn("16,384", self.failureOf(lambda: self.authority().for_worker("x" * 20_000, Badge("k", 1), NOW)))


class TheServers(Farms):
    def shown(self, own: FarmsOwn) -> bytes:
        return own.current().chain[0].public_bytes(Encoding.DER)

    def test_it_outlives_a_restart(self) -> None:
        self.assertEqual(self.shown(self.own()), self.shown(self.own()))

    def test_it_is_made_anew_a_month_before_it_expires_while_the_server_runs(self) -> None:
        own = self.own()
        first = self.shown(own)
        self.now += 59 * DAY
        self.assertEqual(self.shown(own), first)
        self.now += 2 * DAY
        second = self.shown(own)
        self.assertNotEqual(second, first)
        self.assertEqual(self.shown(self.own()), second, "it is kept")

    def test_it_is_made_anew_when_the_server_has_another_name(self) -> None:
        own = self.own()
        first = self.shown(own)
        self.names.append("10.0.0.6")
        self.now += 601
        self.assertNotEqual(self.shown(own), first)

    def test_one_of_another_ca_is_not_shown(self) -> None:
        first = self.shown(self.own())
        keep(Authority.made(NOW), self.folder)
        self.assertNotEqual(self.shown(self.own()), first)

    def test_one_that_cannot_be_read_is_made_anew(self) -> None:
        self.own()
        (self.folder / "server.pem").write_bytes(b"x")
        self.assertTrue(self.shown(self.own()))

    def test_a_clock_that_was_set_back_makes_it_look_again(self) -> None:
        own = self.own()
        first = self.shown(own)
        self.now -= 40 * DAY
        self.assertNotEqual(self.shown(own), first, "the first one is not valid yet")


class WhoItIs(Farms):
    """What a machine looks at that has nothing but a token."""

    def looked_at(self, host: str, fingerprint: str = "", **how: Any) -> x509.Certificate:
        chain = how.get("chain") or self.own().current().chain
        return farms_own(chain, fingerprint or self.authority().fingerprint, host, self.now)

    def test_the_farms_own_server_is_known_by_each_of_its_names(self) -> None:
        for host in self.names:
            self.assertEqual(self.looked_at(host), self.authority().certificate)

    def test_another_farms_server_is_not(self) -> None:
        with self.assertRaises(NotSecure) as caught:
            self.looked_at("farm.studio", "0" * 64)
        self.assertIn("is not the one that made this token", str(caught.exception))

    def test_a_name_that_its_certificate_has_not_is_not_believed(self) -> None:
        for host in ("evil.studio", "10.0.0.6"):
            with self.assertRaises(NotSecure) as caught:
                self.looked_at(host)
            self.assertIn("Add the name", str(caught.exception))

    def test_a_worker_that_has_joined_cannot_pose_as_the_server(self) -> None:
        signed = self.authority().for_worker(request_for(new_key()), Badge("key", 1), self.now)
        own = x509.load_pem_x509_certificate(signed.pem.encode())
        with self.assertRaises(NotSecure):
            self.looked_at("farm.studio", chain=(own, self.authority().certificate))

    def test_an_expired_one_is_not_believed(self) -> None:
        chain = self.own().current().chain
        self.now += 91 * DAY
        with self.assertRaises(NotSecure):
            self.looked_at("farm.studio", chain=chain)


class OnesOwn(Farms):
    def bring(self) -> tuple[Path, Path]:
        key = new_key()
        certificate = Authority.made(NOW).for_server(key.public_key(), ["web.studio"], time.time())
        paths = self.folder / "chain.pem", self.folder / "key.pem"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key_pem(key))
        return paths

    def test_new_files_are_used_at_the_next_handshake(self) -> None:
        brought = Brought(*self.bring())
        first = brought.current()
        self.bring()
        os.utime(self.folder / "chain.pem", ns=(1, 1))
        self.assertNotEqual(brought.current(), first)

    def test_files_that_cannot_be_read_leave_the_old_one_in_use(self) -> None:
        brought = Brought(*self.bring())
        first = brought.current()
        (self.folder / "key.pem").write_bytes(b"half a k")
        self.assertEqual(brought.current(), first)
        self.assertEqual(len(self.flushWarnings()), 0)

    def test_a_key_that_is_not_the_certificates_is_refused(self) -> None:
        chain, key = self.bring()
        key.write_bytes(key_pem(new_key()))
        with self.assertRaises(NotSecure) as caught:
            Brought(chain, key)
        self.assertIn("is not that of the first certificate", str(caught.exception))


class Names(SynchronousTestCase):
    def test_hosts_of_browsers_lose_port_and_brackets(self) -> None:
        written = ["Farm.Studio:8080", "[fd00::5]:8080", "fd00::5", "10.0.0.5:80", "farm.", "*"]
        self.assertEqual(
            [bare(each) for each in written], ["farm.studio", "fd00::5", "fd00::5", "10.0.0.5", "farm", "*"]
        )
        self.assertNotIn("*", names_of_server(["*"]))
        self.assertIn("localhost", names_of_server([]))

    def test_loopback_is_known_by_all_its_names(self) -> None:
        for host in ("localhost", "127.0.0.1", "127.3.2.1", "::1", "[::1]", "a.localhost"):
            self.assertTrue(is_loopback(host), host)
        for host in ("farm", "0.0.0.0", "10.0.0.5", "localhost.evil.org", "::"):
            self.assertFalse(is_loopback(host), host)


class SecretFiles(SynchronousTestCase):
    def test_a_file_that_cannot_be_written_leaves_the_old_one(self) -> None:
        folder = secret_files.folder_in(Path(self.mktemp()))
        secret_files.write(folder / "key", b"old")
        with self.assertRaises(TypeError):
            secret_files.write(folder / "key", "no bytes")  # type: ignore[arg-type]
        self.assertEqual([path.name for path in folder.iterdir()], ["key"])
        self.assertEqual((folder / "key").read_bytes(), b"old")


class JoinTokens(SynchronousTestCase):
    def test_it_says_how_to_know_the_farm(self) -> None:
        read = tokens.read(" brender-" + "a" * 26 + "-" + "0f" * 32 + "\n")
        self.assertEqual(read, tokens.Token("a" * 26, "0f" * 32))

    def test_anything_else_is_told_where_tokens_come_from(self) -> None:
        for text in ("", "hello", "brender-a-b", "brender-" + "a" * 26 + "-" + "0f" * 31):
            with self.assertRaises(NotSecure) as caught:
                tokens.read(text)
            self.assertIn("brender join-token", str(caught.exception))
