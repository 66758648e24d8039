"""Logging in over the web: cookies, tokens, other sites' pages, guessing, and what ends it all."""

import re
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.people.sessions import IDLE, LONGEST, NOTED, OVERLAP, ROTATED
from brender.farm.people.users import Role, Who
from brender.people.throttle import FREE
from brender.service.people import SOON
from tests.faces.test_table import seen
from tests.fakes import MemoryStore
from tests.people.crew import Crew
from tests.test_imports import BRENDER, imports
from tests.web.fakes import Reply, Web, document, request

SESSION = "/api/v1/session"
JOBS = "/api/v1/jobs"
LOOKS = ("GET", "HEAD", "OPTIONS")
FILES = {
    "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\na\r\n--x--',
    "application/zip": b"PK\x05\x06" + bytes(18),
    "application/octet-stream": b"{}",
    "application/x-blender": b"BLENDER-v405",
    "application/yaml": b"{}",
}


class WebCase(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        self.web = Web(self, farm=self.farm)

    def log_in(self, name: str = "wu", password: str = "", **headers: str) -> Reply:
        body = {"name": name, "password": password or f"{name} has one"}
        return self.web.ask("POST", SESSION, body, **headers)

    def cookie(self, name: str = "wu", **headers: str) -> str:
        return cookie_of(self.log_in(name, **headers))

    def as_somebody(self, method: str, path: str, cookie: str, body: Any = None, **headers: str) -> Reply:
        return self.web.ask(method, path, body, Cookie=cookie, **headers)


def cookie_of(reply: Reply) -> str:
    return reply.headers["set-cookie"].partition(";")[0]


class Cookies(WebCase):
    async def test_a_password_gives_a_cookie_by_which_one_is_known(self) -> None:
        reply = self.log_in()
        self.assertEqual((reply.status, reply.json["name"], reply.json["role"]), (200, "wu", "wrangler"))
        self.assertEqual(self.as_somebody("GET", SESSION, cookie_of(reply)).json["name"], "wu")
        self.assertEqual(self.as_somebody("POST", "/api/v1/jobs/1/pause", cookie_of(reply)).status, 200)

    async def test_no_script_and_no_other_site_gets_it(self) -> None:
        said = self.log_in().headers["set-cookie"]
        self.assertRegex(said, "^brender=[^;]+; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800$")
        self.assertNotIn("Secure", said)

    async def test_over_https_it_is_for_https_alone(self) -> None:
        said = self.log_in(X_Forwarded_Proto="https", X_Forwarded_For="127.0.0.1").headers["set-cookie"]
        self.assertNotIn("Secure", said, "only a server in front that is known is believed")
        web = Web(self, farm=self.farm, proxies=["192.168.1.1"])
        self.web = web
        said = self.log_in(X_Forwarded_Proto="https").headers["set-cookie"]
        self.assertRegex(said, "^__Host-brender=.*; Path=/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure$")
        cookie = said.partition(";")[0]
        self.assertEqual(self.as_somebody("GET", SESSION, cookie, X_Forwarded_Proto="https").status, 200)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).status, 401, "the name is not the one of HTTP")

    async def test_one_that_was_made_up_is_none(self) -> None:
        for forged in (
            "brender=AAAA",
            "brender=",
            "brender=1",
            f"brender={self.farm.tokens['wu'][:-1]}",
            "x=y",
            "brender",
        ):
            self.assertEqual(self.as_somebody("GET", JOBS, forged).status, 401, forged)
            self.assertEqual(self.as_somebody("POST", "/api/v1/jobs/1/pause", forged).status, 401, forged)

    async def test_its_secret_is_kept_nowhere(self) -> None:
        secret = self.cookie().partition("=")[2]
        people = self.farm.service.farm.people
        self.assertNotIn(secret, repr([vars(people), vars(people.sessions)]))

    async def test_it_is_another_one_each_time_and_the_one_before_ends(self) -> None:
        first = self.cookie()
        second = cookie_of(self.as_somebody("POST", SESSION, first, {"name": "wu", "password": "wu has one"}))
        self.assertNotEqual(first, second)
        self.assertEqual(self.as_somebody("GET", SESSION, first).status, 401)
        self.assertEqual(self.as_somebody("GET", SESSION, second).status, 200)

    async def test_one_that_somebody_else_has_set_before_is_not_the_one_afterwards(self) -> None:
        fixed = "brender=chosen-by-an-attacker"
        reply = self.as_somebody("POST", SESSION, fixed, {"name": "wu", "password": "wu has one"})
        self.assertNotEqual(cookie_of(reply), fixed)
        self.assertEqual(self.as_somebody("GET", SESSION, fixed).status, 401)

    async def test_it_is_replaced_every_hour_and_the_old_one_counts_for_a_moment(self) -> None:
        old = self.cookie()
        self.farm.clock.advance(ROTATED)
        reply = self.as_somebody("GET", SESSION, old)
        new = cookie_of(reply)
        self.assertNotEqual(old, new)
        self.assertEqual([self.as_somebody("GET", SESSION, each).status for each in (old, new)], [200, 200])
        self.assertNotIn("set-cookie", self.as_somebody("GET", SESSION, new).headers)
        self.farm.clock.advance(OVERLAP)
        self.assertEqual([self.as_somebody("GET", SESSION, each).status for each in (old, new)], [401, 200])

    async def test_it_ends_when_nobody_has_used_it_for_long(self) -> None:
        cookie = self.cookie()
        self.farm.clock.advance(IDLE)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).status, 401)

    async def test_it_ends_after_a_week_however_much_it_is_used(self) -> None:
        cookie = self.cookie()
        for _ in range(int(LONGEST // (IDLE / 2))):
            reply = self.as_somebody("GET", SESSION, cookie)
            self.assertEqual(reply.status, 200)
            cookie = cookie_of(reply) if "set-cookie" in reply.headers else cookie
            self.farm.clock.advance(IDLE / 2)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).status, 401)

    async def test_logging_out_ends_it_and_takes_the_cookie_back(self) -> None:
        cookie = self.cookie()
        reply = self.as_somebody("DELETE", SESSION, cookie, {})
        self.assertEqual((reply.status, reply.json), (200, {"name": "wu"}))
        self.assertRegex(reply.headers["set-cookie"], "^brender=; .*Max-Age=0$")
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).status, 401)

    async def test_whoever_is_deleted_or_has_another_password_is_out_at_once(self) -> None:
        vi, wu = self.cookie("vi"), self.cookie("wu")
        await self.farm.service.delete_users([self.farm.service.farm.people.users["vi"]])
        await self.farm.service.change_user("wu", password="another one")
        self.assertEqual([self.as_somebody("GET", JOBS, each).status for each in (vi, wu)], [401, 401])

    async def test_another_role_counts_at_once(self) -> None:
        cookie = self.cookie("wu")
        await self.farm.service.change_user("wu", Role.ADMIN)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).json["role"], "admin")

    async def test_a_smaller_role_ends_it_and_a_token_has_that_role_then(self) -> None:
        cookie, token = self.cookie("wu"), {"Authorization": f"Bearer {self.farm.tokens['wu']}"}
        await self.farm.service.change_user("wu", Role.VIEWER)
        self.assertEqual(self.as_somebody("POST", "/api/v1/jobs/1/pause", cookie).status, 401)
        self.assertEqual(self.web.ask("POST", "/api/v1/jobs/1/pause", {}, **token).status, 403)
        self.assertEqual(self.web.get(SESSION, **token).json["role"], "viewer")


class Lasting(WebCase):
    """What the database is told of sessions, and when."""

    def told(self, store: MemoryStore) -> dict[int, tuple[float, bool]]:
        """When each was used as far as the database knows, and whether it goes on."""
        return {session.id: (session.used, bool(session.digest)) for session in store.sessions.values()}

    async def test_a_session_is_written_before_its_secret_is_told_and_ended_before_that_is_told(self) -> None:
        self.farm.store.held = True
        wire = self.web.wire()
        wire.send(request("POST", SESSION, {"name": "wu", "password": "wu has one"}))
        self.assertEqual(wire.got(), b"")
        self.farm.store.commit()
        cookie = cookie_of(wire.reply())
        wire = self.web.wire()
        wire.send(request("DELETE", SESSION, {}, Cookie=cookie))
        self.assertEqual(wire.got(), b"")
        self.assertEqual([goes_on for _, goes_on in self.told(self.farm.store).values()], [False])
        self.farm.store.commit()
        self.assertEqual(wire.reply().status, 200)

    async def test_a_database_in_trouble_keeps_nobody_from_logging_in_or_out(self) -> None:
        self.farm.store.held = True
        self.farm.store.listener("The disk is full")
        cookie = self.cookie()
        self.farm.clock.advance(ROTATED)
        reply = self.as_somebody("GET", SESSION, cookie)
        self.assertEqual((reply.json["name"], "set-cookie" in reply.headers), ("wu", False))
        self.assertEqual(self.as_somebody("DELETE", SESSION, cookie, {}).status, 200)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).status, 401)

    async def test_whoever_only_looks_has_their_session_written_now_and_then(self) -> None:
        cookie, began = self.cookie(), self.farm.now()
        for used, written in ((NOTED - 10, 0.0), (NOTED, NOTED), (NOTED + 10, NOTED)):
            self.farm.clock.advance(began + used - self.farm.now())
            self.as_somebody("GET", JOBS, cookie)
            self.farm.clock.advance(SOON)
            self.assertEqual([used for used, _ in self.told(self.farm.store).values()], [began + written])

    async def test_those_of_connections_and_of_programs_are_not_written(self) -> None:
        self.web.ask("POST", SESSION, {"name": "bo", "password": "bo has one", "keep": "the command"})
        await self.farm.service.log_in("wu", "wu has one", Who(face="shell"))
        self.farm.clock.advance(NOTED)
        self.assertEqual(self.told(self.farm.store), {})

    async def test_what_is_over_is_forgotten_by_the_farm_too(self) -> None:
        self.cookie()
        self.farm.clock.advance(IDLE)
        await self.farm.service.forget_sessions()
        self.assertEqual(len(self.farm.service.farm.people.sessions), 0)
        self.assertEqual([goes_on for _, goes_on in self.told(self.farm.store).values()], [False])


class OtherSites(WebCase):
    """A browser that is logged in, and a page of somebody else's."""

    async def test_its_form_changes_nothing(self) -> None:
        cookie = self.cookie()
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            reply = self.as_somebody("POST", "/api/v1/jobs/1/cancel", cookie, b'{"a": "="}', Content_Type=kind)
            self.assertEqual(reply.status, 415, kind)
        self.assertFalse(self.farm.service.farm.jobs[1].finished)

    async def test_its_script_changes_nothing_and_does_not_log_anybody_in(self) -> None:
        cookie = self.cookie()
        for origin in ("https://evil.example", "http://localhost:9999", "null"):
            for method, path, body in (
                ("POST", "/api/v1/jobs/1/cancel", {}),
                ("DELETE", "/api/v1/jobs/3", {}),
                ("POST", SESSION, {"name": "vi", "password": "vi has one"}),
                ("DELETE", SESSION, {}),
                ("POST", "/api/v1/batch", {"requests": [{"item": "job", "action": "cancel", "id": 1}]}),
            ):
                self.assertEqual(self.as_somebody(method, path, cookie, body, Origin=origin).status, 403, path)
        self.assertFalse(self.farm.service.farm.jobs[1].finished)
        self.assertEqual(self.as_somebody("GET", SESSION, cookie).json["name"], "wu")

    async def test_it_does_not_follow_the_events(self) -> None:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        key = {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        reply = self.as_somebody(
            "GET", "/api/v1/events", self.cookie(), Origin="https://evil.example", **upgrade, **key
        )
        self.assertEqual(reply.status, 403)


class Strangers(WebCase):
    async def test_every_address_but_the_door_wants_to_know_who_asks(self) -> None:
        open_to_all = set()
        for row in self.web.site.table:
            path = re.sub(r"\{\w+:name\}", "gpu", re.sub(r"\{\w+\}", "1", row.path))
            reply = self.web.ask(row.method, path, None if row.method == "GET" else {})
            if reply.status != 401:
                open_to_all.add((row.method, row.path))
            else:
                self.assertEqual(reply.headers["www-authenticate"], 'Bearer realm="brender"')
        static = {each for each in open_to_all if each[1].startswith("/static/")}
        self.assertEqual(open_to_all - static, {("GET", "/login"), ("GET", "/favicon.ico")})

    async def test_a_person_is_shown_the_way_to_the_door(self) -> None:
        reply = self.web.get("/jobs/3", Accept="text/html")
        self.assertEqual(reply.status, 401)
        self.assertIn(b'href="../login#/jobs/3"', reply.body)

    async def test_a_token_that_nobody_has_is_refused_even_where_there_are_no_users(self) -> None:
        self.assertEqual(Web(self).get(JOBS, Authorization="Bearer nobody has it").status, 401)
        self.assertEqual(Web(self).get(JOBS).status, 200)
        self.assertEqual(Web(self).get(JOBS, Authorization="Basic YTpi").status, 200)
        self.assertEqual(self.web.get(JOBS, Authorization="Basic d3U6d3UgaGFzIG9uZQ==").status, 401)

    async def test_without_users_it_is_open_to_this_machine_alone_also_behind_a_server_in_front(self) -> None:
        web = Web(self, proxies=["192.168.1.1"])
        reply = web.get(JOBS, X_Forwarded_For="203.0.113.5")
        self.assertEqual(reply.status, 401)
        self.assertIn("brender user add NAME --role admin", reply.message)
        self.assertEqual(web.get(JOBS, X_Forwarded_For="127.0.0.1").status, 200)


class Guessing(WebCase):
    def guess(self, name: str = "wu") -> Reply:
        return self.log_in(name, "not this one")

    async def test_it_is_slower_with_each_try_and_never_impossible(self) -> None:
        waits = []
        for _ in range(FREE):
            self.assertEqual(self.guess().status, 401)
        for _ in range(10):
            reply = self.guess()
            self.assertEqual((reply.status, reply.json["code"]), (429, "too-often"))
            waits.append(int(reply.headers["retry-after"]))
            self.farm.clock.advance(waits[-1])
            self.assertEqual(self.guess().status, 401)
        self.assertEqual(waits, sorted(waits))
        self.assertGreater(waits[5], 4 * waits[0])
        self.assertLessEqual(waits[-1], 61)
        self.farm.clock.advance(waits[-1])
        self.assertEqual(self.log_in().status, 200)

    async def test_the_right_password_waits_too(self) -> None:
        for _ in range(FREE):
            self.guess()
        self.assertEqual(self.log_in().status, 429)

    async def test_other_names_from_the_same_address_wait_too(self) -> None:
        for number in range(FREE):
            self.guess(f"name{number}")
        self.assertEqual(self.guess("another").status, 429)

    async def test_who_is_there_and_who_is_not_hears_the_same(self) -> None:
        self.assertEqual(self.guess("wu").body, self.guess("nobody").body)

    async def test_somebody_without_a_password_has_none_that_fits(self) -> None:
        await self.farm.service.add_user("robot", Role.ARTIST)
        for password in ("", "robot", "nobody has this password"):
            self.assertEqual(self.log_in("robot", password or " ").status, 401)


class Tokens(WebCase):
    def get(self, path: str, token: str) -> Reply:
        return self.web.get(path, Authorization=f"Bearer {token}")

    async def made(self, whose: str, **values: Any) -> str:
        reply = self.web.ask("POST", "/api/v1/tokens", values, Authorization=f"Bearer {self.farm.tokens[whose]}")
        self.assertEqual(reply.status, 201, reply.body)
        return str(reply.json["secret"])

    async def test_its_secret_is_told_once(self) -> None:
        secret = await self.made("bo", name="nightly")
        listed = self.get("/api/v1/tokens", self.farm.tokens["root"])
        self.assertNotIn(secret, listed.body.decode())
        self.assertEqual(self.get(JOBS, secret).status, 200)

    async def test_it_ends_with_its_days(self) -> None:
        secret = await self.made("bo", days=1)
        self.farm.clock.advance(86_399)
        self.assertEqual(self.get(JOBS, secret).status, 200)
        self.farm.clock.advance(1)
        self.assertEqual(self.get(JOBS, secret).status, 401)

    async def test_it_ends_when_it_is_deleted_and_with_its_owner(self) -> None:
        first, second = await self.made("bo"), await self.made("ada")
        token = self.farm.service.farm.people.token_of(first, self.farm.now())
        assert token is not None
        await self.farm.service.delete_tokens([token])
        await self.farm.service.delete_users([self.farm.service.farm.people.users["ada"]])
        self.assertEqual([self.get(JOBS, each).status for each in (first, second)], [401, 401])

    async def test_it_may_do_no_more_than_its_role_and_its_verbs(self) -> None:
        looks = await self.made("root", role="viewer")
        hands_in = await self.made("wu", verbs=["job.create", "client.*"])
        ask = self.web.ask
        pause = "/api/v1/jobs/1/pause"
        self.assertEqual(ask("POST", pause, {}, Authorization=f"Bearer {looks}").status, 403)
        self.assertEqual(ask("POST", pause, {}, Authorization=f"Bearer {hands_in}").status, 403)
        self.assertEqual([self.get(path, hands_in).status for path in ("/api/v1/clients", JOBS)], [200, 403])
        self.assertEqual(
            [self.get(path, hands_in).status for path in ("/api/v1/farm", "/metrics", "/api/v1/events")], [403] * 3
        )

    async def test_nobody_makes_one_that_may_more_than_they_may(self) -> None:
        for name, values, status in (
            ("bo", {"role": "wrangler"}, 422),
            ("bo", {"user": "wu"}, 403),
            ("wu", {"user": "root"}, 403),
            ("root", {"user": "bo", "role": "wrangler"}, 422),
            ("root", {"verbs": ["job create"]}, 422),
        ):
            token = self.farm.tokens[name]
            reply = self.web.ask("POST", "/api/v1/tokens", values, Authorization=f"Bearer {token}")
            self.assertEqual(reply.status, status, reply.body)
        narrow = await self.made("root", verbs=["token.create"])
        reply = self.web.ask("POST", "/api/v1/tokens", {"verbs": ["job.delete"]}, Authorization=f"Bearer {narrow}")
        self.assertEqual(reply.status, 422)
        reply = self.web.ask("POST", "/api/v1/tokens", {}, Authorization=f"Bearer {narrow}")
        self.assertEqual(reply.json["verbs"], ["token.create"])

    async def test_one_loses_what_its_owner_loses(self) -> None:
        await self.farm.service.change_user("wu", Role.VIEWER)
        reply = self.web.ask("POST", "/api/v1/jobs/1/pause", {}, Authorization=f"Bearer {self.farm.tokens['wu']}")
        self.assertEqual(reply.status, 403)

    async def test_people_see_their_own_and_admins_all(self) -> None:
        for name, whose in (("bo", {"bo"}), ("wu", {"wu"}), ("root", {"vi", "ada", "bo", "wu", "root"})):
            for path in ("/api/v1/tokens", "/api/v1/tokens.json", "/api/v1/tokens?draw=1"):
                listed = self.get(path, self.farm.tokens[name]).json["data"]
                self.assertEqual({each["user"] for each in listed}, whose, (name, path))
            csv = self.get("/api/v1/tokens.csv", self.farm.tokens[name]).body.decode()
            self.assertEqual("root" in csv, name == "root")

    async def test_a_program_logs_in_and_keeps_one(self) -> None:
        reply = self.web.ask("POST", SESSION, {"name": "bo", "password": "bo has one", "keep": "the command"})
        self.assertNotIn("set-cookie", reply.headers)
        token = reply.json["token"]
        self.assertEqual(self.get(SESSION, token).json["name"], "bo")
        self.assertEqual(self.web.ask("DELETE", SESSION, {}, Authorization=f"Bearer {token}").status, 200)
        self.assertEqual(self.get(SESSION, token).status, 401)

    async def test_an_answer_that_is_kept_for_a_key_is_for_whoever_asked(self) -> None:
        body, key = {"name": "nightly"}, {"Idempotency_Key": "one"}
        bo, ada = (f"Bearer {self.farm.tokens[name]}" for name in ("bo", "ada"))
        mine = self.web.ask("POST", "/api/v1/tokens", body, Authorization=bo, **key)
        theirs = self.web.ask("POST", "/api/v1/tokens", body, Authorization=ada, **key)
        self.assertEqual((mine.status, theirs.status), (201, 409))


class OwnPassword(WebCase):
    async def test_whoever_knows_the_old_one_gives_another_one_and_is_logged_out_elsewhere(self) -> None:
        here, elsewhere = self.cookie("vi"), self.cookie("vi")
        reply = self.as_somebody("PATCH", SESSION, here, {"old": "vi has one", "new": "vi has another"})
        self.assertEqual(reply.status, 200, reply.body)
        statuses = [self.as_somebody("GET", SESSION, each).status for each in (here, elsewhere, cookie_of(reply))]
        self.assertEqual(statuses, [401, 401, 200])
        self.assertEqual([self.log_in("vi", each).status for each in ("vi has one", "vi has another")], [401, 200])

    async def test_whoever_does_not_does_not(self) -> None:
        reply = self.as_somebody("PATCH", SESSION, self.cookie("vi"), {"old": "guessed", "new": "vi has another"})
        self.assertEqual(reply.status, 401)
        self.assertEqual(self.log_in("vi").status, 200)


class Open(TestCase):
    async def test_while_there_are_no_users_one_is_an_admin_without_a_name(self) -> None:
        told = Web(self).get(SESSION).json
        self.assertEqual((told["name"], told["role"], told["own"]), ("", "admin", []))
        self.assertIn("create", told["verbs"]["user"])

    async def test_with_the_first_user_that_is_over(self) -> None:
        web = Web(self)
        body = {"name": "ada", "role": "admin", "password": "ada has one"}
        self.assertEqual(web.ask("POST", "/api/v1/users", {**body, "role": "artist"}).status, 422)
        self.assertEqual(web.ask("POST", "/api/v1/users", body).status, 201)
        self.assertEqual(web.get(JOBS).status, 401)

    async def test_the_last_admin_stays(self) -> None:
        farm = await Crew.made(self)
        web, root = Web(self, farm=farm), {"Authorization": f"Bearer {farm.tokens['root']}"}
        for method, path, body in (
            ("DELETE", "/api/v1/users/root", {}),
            ("DELETE", "/api/v1/users?filter=all", {}),
            ("PATCH", "/api/v1/users/root", {"role": "wrangler"}),
        ):
            self.assertEqual(web.ask(method, path, body, **root).status, 409, path)
        self.assertEqual(len(farm.service.farm.people.users), 5)

    async def test_verbs_that_somebody_may_use_are_told(self) -> None:
        farm = await Crew.made(self)
        web = Web(self, farm=farm)
        told = {name: web.get(SESSION, Authorization=f"Bearer {farm.tokens[name]}").json for name in ("vi", "bo", "wu")}
        self.assertNotIn("create", told["vi"]["verbs"]["job"])
        self.assertIn("cancel", told["bo"]["verbs"]["job"])
        self.assertIn("job", told["bo"]["own"])
        self.assertNotIn("update", told["bo"]["verbs"]["client"])
        self.assertIn("update", told["wu"]["verbs"]["client"])
        self.assertEqual(told["wu"]["own"], ["token"])


class Bodies(WebCase):
    """Nothing is uploaded: whatever changes something is told in JSON."""

    async def test_no_address_takes_a_file_or_anything_but_json(self) -> None:
        before = seen(self.farm)
        token = {"Authorization": f"Bearer {self.farm.tokens['root']}"}
        for row in self.web.site.table:
            if row.method in LOOKS:
                continue
            path = re.sub(r"\{\w+:name\}", "gpu", re.sub(r"\{\w+\}", "1", row.path))
            for kind, body in FILES.items():
                reply = self.web.ask(row.method, path, body, Content_Type=kind, **token)
                self.assertEqual((reply.status, reply.json["at"]), (415, "Content-Type"), f"{row.method} {path} {kind}")
        self.assertEqual(seen(self.farm), before)

    def test_the_document_offers_nothing_else(self) -> None:
        operations = [each for methods in document()["paths"].values() for each in methods.values()]
        kinds = {kind for each in operations for kind in each.get("requestBody", {}).get("content", {})}
        self.assertEqual(kinds, {"application/json"})

    def test_nothing_of_ours_can_unpack_a_file_of_somebody_elses(self) -> None:
        """A backup is a tar that its server has made, and the log of a job a gzip: both are its own."""
        unpacking = ("zipfile", "shutil.unpack_archive", "tarfile")
        found = {(each.module, each.target) for each in imports(BRENDER) if each.target.startswith(unpacking)}
        self.assertEqual(found, {("brender.db.backup", "tarfile")})
