"""Another site's page cannot use this farm through the browser of somebody who may."""

from twisted.trial.unittest import TestCase

from tests.web.fakes import Web, request


class Hosts(TestCase):
    def test_loopback_names_are_answered_with_any_port(self) -> None:
        web = Web(self)
        for host in ("localhost", "LOCALHOST:8080", "127.0.0.1:1234", "[::1]:80", "localhost.:8080"):
            self.assertEqual(web.get("/api/v1/farm", Host=host).status, 200, host)

    def test_any_other_name_is_told_which_there_are(self) -> None:
        web = Web(self)
        for host in (
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost:x",
            "a b",
            "@localhost",
        ):
            reply = web.get("/api/v1/farm", Host=host)
            self.assertEqual(reply.status, 421, host)
            self.assertIn("localhost, 127.0.0.1, [::1]", reply.message)

    def test_pages_and_static_files_are_guarded_too(self) -> None:
        self.assertEqual(Web(self).get("/", Host="evil.example").status, 421)

    def test_a_request_has_one_host(self) -> None:
        web = Web(self)
        self.assertEqual(web.get("/api/v1/farm", Host="").status, 400)
        wire = web.wire()
        wire.send(b"GET /api/v1/farm HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        self.assertEqual(wire.reply().status, 400)

    def test_configured_names_replace_those(self) -> None:
        web = Web(self, hosts=["farm.studio", "10.0.0.5:8080"])
        self.assertEqual(web.get("/api/v1/farm", Host="farm.studio:8080").status, 200)
        self.assertEqual(web.get("/api/v1/farm", Host="10.0.0.5:8080").status, 200)
        self.assertEqual(web.get("/api/v1/farm", Host="10.0.0.5:81").status, 421)
        self.assertEqual(web.get("/api/v1/farm", Host="localhost:8080").status, 421)
        self.assertEqual(Web(self, hosts=["*"]).get("/api/v1/farm", Host="anything.example").status, 200)


class Changes(TestCase):
    async def test_what_a_form_of_another_site_can_send_changes_nothing(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/jsonx",
        ):
            reply = web.ask("POST", f"/api/v1/jobs/{job.id}/cancel", b"{}", Content_Type=kind)
            self.assertEqual(reply.status, 415, kind)
            self.assertIn("application/json", reply.message)
        self.assertEqual(job.state, "queued")

    async def test_another_origin_changes_nothing(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        for origin in ("http://evil.example", "null", "http://localhost:9999", "http://[bad"):
            self.assertEqual(web.ask("POST", f"/api/v1/jobs/{job.id}/cancel", {}, Origin=origin).status, 403, origin)
        self.assertEqual(job.state, "queued")

    async def test_our_own_page_may_change_things(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        reply = web.ask("POST", f"/api/v1/jobs/{job.id}/cancel", {}, Origin="http://localhost:8080",
                        Content_Type="application/json; charset=utf-8")  # fmt: skip
        self.assertEqual((reply.status, job.state), (200, "canceled"))

    async def test_the_usual_port_of_a_scheme_need_not_be_named(self) -> None:
        web = Web(self, hosts=["farm.example"])
        job = await web.farm.job()
        for origin, host, status in (
            ("https://farm.example", "farm.example", 200),
            ("https://Farm.example", "farm.EXAMPLE:443", 200),
            ("http://farm.example:80", "farm.example", 200),
            ("https://farm.example:8443", "farm.example:8443", 200),
            ("https://farm.example:8443", "farm.example", 403),
            ("https://farm.example", "farm.example:80", 403),
        ):
            reply = web.ask("POST", f"/api/v1/jobs/{job.id}/pause", {}, Origin=origin, Host=host)
            self.assertEqual(reply.status, status, (origin, host))
        self.assertIn("which is farm.example:80 here", reply.message)

    def test_no_other_site_is_ever_allowed_to_read(self) -> None:
        reply = Web(self).ask(
            "OPTIONS", "/api/v1/jobs", Origin="http://evil.example", Access_Control_Request_Method="POST"
        )
        self.assertEqual(reply.status, 204)
        self.assertNotIn("access-control-allow-origin", reply.headers)

    def test_answers_cannot_be_mistaken_framed_or_embedded(self) -> None:
        for path in ("/", "/api/v1/farm", "/static/icon.svg", "/nothing"):
            headers = Web(self).get(path).headers
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["cross-origin-resource-policy"], "same-origin")
            self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
            self.assertNotIn("unsafe", headers["content-security-policy"])

    def test_two_requests_in_one_packet_are_both_guarded(self) -> None:
        wire = Web(self).wire()
        wire.send(request("GET", "/api/v1/farm") + request("GET", "/api/v1/farm", Host="evil.example"))
        self.assertEqual([wire.reply(0).status, wire.reply(1).status], [200, 421])
