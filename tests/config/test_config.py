"""The settings: where they come from, and mistakes named with their line."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.config import load
from brender.config.mistakes import BadSettings, mistake
from brender.config.reading import machine_zone, read
from brender.config.settings import PathMapping, Settings
from brender.config.telling import show
from brender.farm.settings import FarmSettings, Limit, Rule

# A rule that is right, and another one.
MAPPED = """[[worker.path_mapping]]
from = "X:/show"
system = "windows"
to = "/mnt/show"
[[worker.path_mapping]]
from = "{}"
system = "{}"
to = "{}"
"""

# A file with one mistake, and the end of the sentence about it.
MISTAKES: tuple[tuple[str, str], ...] = (
    ("[server]\n\nlost_aftr = 3", ' in line 3: there is no setting "lost_aftr" in [server]; did you mean lost_after?'),
    (
        "[worker]\nlost_after = 3",
        ' in line 2: there is no setting "lost_after" in [worker]; did you mean lost_after in [server]?',
    ),
    (
        "heartbeat = 3",
        ' in line 1: there is no setting "heartbeat" outside the sections; did you mean heartbeat in [server]?',
    ),
    ("\n[sever]\nweb = 'tcp:1'", " in line 2: there is no section [sever]; did you mean [server]?"),
    ("[server]\nzzzzqq = 1", ' in line 2: there is no setting "zzzzqq" in [server].'),
    ('[server]\n"a b" = 1', ' in line 2: there is no setting "a b" in [server].'),
    ('[server]\nweb = "x"\n\n[worker]\nserver = 5', " in line 5: server has to be text in quotes, not a whole number."),
    ('[server]\n# heartbeat = 2\nheartbeat = "fast"', " in line 3: heartbeat has to be a number, not text in quotes."),
    ("[server]\nheartbeat = 0", " in line 2: heartbeat has to be a number > 0.0."),
    ("[server]\nlost_after = nan", " in line 2: lost_after has to be a number >= 0.0."),
    ("[server]\nheartbeat = inf", " in line 2: heartbeat has to be a number <= 1000000.0."),
    (
        '[server]\ntemplates = "studio"',
        ' in line 2: templates has to be the whole path of a folder, such as "/studio/templates".',
    ),
    ("[server]\ntask_limit = 0", " in line 2: task_limit has to be a whole number >= 1."),
    ("[worker]\nslots = 2.5", " in line 2: slots has to be a whole number, not a fraction."),
    ("[worker]\nslots = -1", " in line 2: slots has to be a whole number >= 0."),
    ('[server]\nhosts = ["a",\n  1]', " in line 2: an item of hosts has to be text in quotes, not a whole number."),
    ("[server]\nhosts = 'a'", " in line 2: hosts has to be a list, not text in quotes."),
    (
        '[server]\nproxies = ["10.1.0.0/24", "10.1.0.5/24"]',
        ' in line 2: a web server in front is named by its address, as in "10.0.0.5", or by its network, as in '
        '"10.1.0.0/24"; 10.1.0.5/24 has host bits set.',
    ),
    ("[farm]\nzone = 'Mars'", ' in line 2: There is no time zone "Mars"; write one such as Europe/Amsterdam.'),
    (
        "[farm.limits]\nnuke = {count = 2}\n[farm.limits.arnold]\ncount = 0",
        " in line 4: count has to be a whole number >= 1.",
    ),
    (
        "[farm.limits]\nnuke = {cuont = 2}",
        ' in line 2: there is no setting "cuont" in [farm.limits.nuke]; did you mean count?',
    ),
    ("[farm]\nlimits.nuke.count = 2\nlimits.nuke.each = 'gpu'", " in line 3: each has to be task or client."),
    ('[farm.shares]\n"a b" = 60\nfilm = -1', " in line 3: film has to be a number > 0.0."),
    ("[farm]\nstrikes = 3\nafinity = 2", ' in line 3: there is no setting "afinity" in [farm]; did you mean affinity?'),
    (
        "[[farm.rules]]\nname = 'a'\npattern = 'x'\nthen = 'fail'\n"
        "[[farm.rules]]\nname = 'b'\npattern = '('\nthen = 'later'",
        ' in line 7: The pattern "(" of rule "b" cannot be read: missing ), unterminated subpattern at position 0.',
    ),
    ("[[farm.rules]]\nname = 'a'\npattern = 'x'", " in line 1: an item of rules lacks then."),
    ("[[farm.rules]]\nname='a'\npattern='x'\nthen='run'", " in line 4: then has to be fail or elsewhere or later."),
    (
        "[server]\ndatabase = 'mysql://ada@db/farm'",
        ' in line 2: database has to be an address such as "postgresql://brender@db.studio/farm"; without one, the '
        "farm is kept in the state folder.",
    ),
    ("[[worker.path_mapping]]\nfrom = 'X:/'\nto = '/x'", " in line 1: an item of path_mapping lacks system."),
    (
        "[[worker.path_mapping]]\nfrom = 'X:/'\nsystem = 'dos'\nto = '/x'",
        " in line 3: system has to be posix or windows.",
    ),
    (
        "[[worker.path_mapping]]\nfrm = 'X:/'\nsystem = 'windows'\nto = '/x'",
        ' in line 2: there is no setting "frm" in [worker.path_mapping.0]; did you mean from?',
    ),
    (
        MAPPED.format("X:", "windows", "/x"),
        " in line 6: from has to be the whole path of a folder as windows writes it, such as "
        '"X:/" or "//server/share".',
    ),
    (
        MAPPED.format("//server/share", "posix", "/x"),
        ' in line 6: from has to be the whole path of a folder as posix writes it, such as "/Volumes/show".',
    ),
    (
        MAPPED.format("X:/a", "windows", "/x/../y"),
        ' in line 8: to has to be the whole path of a folder of this machine, such as "/mnt/show".',
    ),
    (
        MAPPED.format("x:/show/", "windows", "/x"),
        " in line 6: there is a rule for x:/show/ already.",
    ),
    (
        MAPPED.format("/mnt", "posix", "/data"),
        " in line 4: to lies in /mnt, or around it, which is mapped itself: a path would be mapped twice.",
    ),
    ("server = 3", " in line 1: server has to be a section, not a whole number."),
    ("server.heartbeat = 'x'", " in line 1: heartbeat has to be a number, not text in quotes."),
    ("server = {lost_aftr = 3}", ' in line 1: there is no setting "lost_aftr" in [server]; did you mean lost_after?'),
)


class Case(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        before, here = dict(os.environ), Path.cwd()
        self.addCleanup(os.chdir, here)
        self.addCleanup(os.environ.update, before)
        self.addCleanup(os.environ.clear)
        os.environ["XDG_CONFIG_HOME"] = str(self.folder / "home")
        os.environ["TZ"] = "UTC"
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state home")
        for name in ("BRENDER_CONFIG", "BRENDER_STATE"):
            os.environ.pop(name, None)
        os.chdir(self.folder)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def refusal(self, path: Path) -> str:
        with self.assertRaises(BadSettings) as caught:
            read(path)
        return str(caught.exception)


class WhereTheyComeFrom(Case):
    def test_without_any_file_everything_has_a_value(self) -> None:
        found = load()
        self.assertEqual((found.settings, found.source), (Settings(), "built-in defaults (no brender.toml found)"))

    def test_the_nearest_file_wins(self) -> None:
        layers = [
            (self.write("home/brender/brender.toml", "[server]\nlost_after = 1"), "the user's settings"),
            (self.write("brender.toml", "[server]\nlost_after = 2"), "the working folder"),
            (self.write("named.toml", "[server]\nlost_after = 3"), "BRENDER_CONFIG"),
            (self.write("given.toml", "[server]\nlost_after = 4"), "--config"),
        ]
        given = str(layers[3][0])
        os.environ["BRENDER_CONFIG"] = str(layers[2][0])
        seen = [load(given)]
        seen.append(load())
        del os.environ["BRENDER_CONFIG"]
        seen.append(load())
        layers[1][0].unlink()
        seen.append(load())
        self.assertEqual([found.server.lost_after for found in seen], [4, 3, 2, 1])
        self.assertEqual([found.source for found in seen], [f"{path} ({where})" for path, where in reversed(layers)])

    def test_a_file_that_was_named_has_to_be_there(self) -> None:
        with self.assertRaisesRegex(BadSettings, r"^The settings none\.toml cannot be read: .*No such file"):
            load("none.toml")
        os.environ["BRENDER_CONFIG"] = "none.toml"
        with self.assertRaisesRegex(BadSettings, r"^The settings none\.toml cannot be read: .*No such file"):
            load()

    def test_the_state_folder_is_given_named_or_the_users(self) -> None:
        os.environ["BRENDER_STATE"] = "named"
        seen = [load(state="given"), load()]
        del os.environ["BRENDER_STATE"]
        seen.append(load())
        self.assertEqual(
            [(found.state, found.state_source) for found in seen],
            [
                (self.folder / "given", "--state"),
                (self.folder / "named", "BRENDER_STATE"),
                (self.folder / "state home" / "brender", "the user's state folder"),
            ],
        )

    def test_what_is_used_can_be_shown_with_where_it_came_from(self) -> None:
        self.write("brender.toml", '[worker]\nserver = "farm:6001"\nblenders = ["/opt/blender"]')
        shown = show(load(state="s")).splitlines()
        self.assertEqual(shown[0], f"settings  {self.folder / 'brender.toml'} (the working folder)")
        self.assertEqual(shown[1], f"state     {self.folder / 's'} (--state)")
        for line in (
            "[server]",
            "lost_after = 30.0",
            "[worker]",
            'server = "farm:6001"',
            'blenders = ["/opt/blender"]',
        ):
            self.assertIn(line, shown)

    def test_what_is_shown_can_be_used(self) -> None:
        found = load(str(self.write("brender.toml", '[server]\nhosts = ["farm"]\n[worker]\nslots = 3')), "s")
        again = self.write("again.toml", "\n".join(show(found).splitlines()[2:]))
        self.assertEqual(read(again), found.settings)


class Mistakes(Case):
    def test_each_names_file_line_and_the_nearest_right_thing(self) -> None:
        for text, said in MISTAKES:
            path = self.write("brender.toml", text)
            self.assertEqual(self.refusal(path), f"The settings {path} have a mistake{said}", text)

    def test_what_is_not_toml_is_told_with_its_line(self) -> None:
        path = self.write("brender.toml", "[server]\nweb = \n")
        self.assertEqual(self.refusal(path), f"The settings {path} are not TOML: Invalid value (at line 2, column 7).")

    def test_what_is_no_text_is_told(self) -> None:
        path = self.write("brender.toml", "")
        path.write_bytes(b"name = '\xff'")
        self.assertRegex(self.refusal(path), r"cannot be read: .*utf-8")

    def test_a_folder_is_told(self) -> None:
        self.assertRegex(self.refusal(self.folder), "cannot be read: .*directory")

    def test_words_that_are_not_known_are_passed_on(self) -> None:
        self.assertEqual(mistake("Something else - at `$.server.web`", ""), ": web has a wrong value: Something else.")


class TheWorker(Case):
    def test_rules_for_paths_are_read_and_shown_as_they_are_written(self) -> None:
        text = MAPPED.format("/Volumes/show", "posix", "/mnt/show/")
        found = load(str(self.write("a.toml", text)), "s")
        self.assertEqual(
            found.worker.path_mapping,
            (PathMapping("X:/show", "/mnt/show", "windows"), PathMapping("/Volumes/show", "/mnt/show/", "posix")),
        )
        shown = show(found).splitlines()
        self.assertIn(
            'path_mapping = [{"from" = "X:/show", "to" = "/mnt/show", "system" = "windows"}, ', "\n".join(shown)
        )
        self.assertEqual(read(self.write("b.toml", "\n".join(shown[2:]))), found.settings)

    def test_what_is_mapped_to_itself_is_not_mapped_twice(self) -> None:
        for source in ("/mnt/show", "/shared"):
            read(self.write("a.toml", MAPPED.format(source, "posix", source)))


class TheDatabase(Case):
    def test_without_an_address_it_is_in_the_state_folder(self) -> None:
        self.assertEqual(load(state="/s").database, Path("/s/brender.sqlite"))

    def test_an_address_is_used_as_it_is_and_shown_without_its_password(self) -> None:
        url = "postgresql://ada:se:cr@et@db:5433/farm?sslmode=require&password=also&connect_timeout=3"
        found = load(str(self.write("brender.toml", f'[server]\ndatabase = "{url}"')))
        self.assertEqual(found.database, url)
        self.assertIn(
            'database = "postgresql://ada:***@db:5433/farm?sslmode=require&password=***&connect_timeout=3"', show(found)
        )


class TheFarm(Case):
    def test_what_the_rules_go_by_is_read(self) -> None:
        path = self.write("brender.toml", """
            [farm]
            shares = {film = 60, "" = 40}
            depth_first = false
            [farm.limits]
            arnold = {count = 5, each = "client"}
            [[farm.rules]]
            name = "crash"
            pattern = "Segmentation fault"
            then = "elsewhere"
        """)  # fmt: skip
        farm = read(path).farm
        self.assertEqual((farm.shares, farm.depth_first), ({"film": 60.0, "": 40.0}, False))
        self.assertEqual(farm.limits, {"arnold": Limit(5, "client")})
        self.assertEqual(farm.rules, (Rule("crash", "Segmentation fault", "elsewhere"),))
        again = self.write("again.toml", "\n".join(show(load(str(path), "s")).splitlines()[2:]))
        self.assertEqual(read(again).farm, farm)

    def test_every_setting_of_the_rules_is_shown(self) -> None:
        shown = show(load(state="s")).partition("[farm]\n")[2].partition("\n\n")[0].splitlines()
        self.assertEqual([line.split(" = ")[0] for line in shown], list(FarmSettings.__struct_fields__))

    def test_other_addresses_of_the_web_are_read_and_shown_as_they_are_written(self) -> None:
        path = self.write("b.toml", '[routes]\n"/liste" = "/clients/list.json"\n')
        self.assertEqual(read(path).routes, {"/liste": "/clients/list.json"})
        self.assertIn('\n[routes]\n"/liste" = "/clients/list.json"', show(load(str(path), "s")))
        with self.assertRaisesRegex(BadSettings, "in line 2: /liste has to be text in quotes, not a whole number"):
            read(self.write("c.toml", '[routes]\n"/liste" = 3\n'))

    def test_a_zone_that_is_named_goes_before_the_machines_own(self) -> None:
        os.environ["TZ"] = "Asia/Tokyo"
        self.assertEqual(load().farm.zone, "Asia/Tokyo")
        self.assertEqual(read(self.write("a.toml", "[farm]\nstrikes = 2")).farm.zone, "Asia/Tokyo")
        self.assertEqual(read(self.write("b.toml", "[farm]\nzone = 'Europe/Paris'")).farm.zone, "Europe/Paris")

    def test_the_machines_zone_is_that_of_tz_or_of_the_link_or_utc(self) -> None:
        link = self.folder / "localtime"
        link.symlink_to("/usr/share/zoneinfo/Europe/Amsterdam")
        for named, zone in {":Asia/Tokyo": "Asia/Tokyo", "CET-1CEST": "Europe/Amsterdam", "UTC": "UTC"}.items():
            os.environ["TZ"] = named
            self.assertEqual(machine_zone(link), zone)
        del os.environ["TZ"]
        self.assertEqual(machine_zone(link), "Europe/Amsterdam")
        self.assertEqual(machine_zone(self.folder / "none"), "UTC")
