"""What went wrong on other people's farms, as far as security is concerned: each case with its tests.

How does this work?  `CASES` has a row for each case: the names of the tests that try it.  They are looked up.  What is
true of the whole program at once, and of a farm as it is installed, stands in `AsInstalled`.
"""

from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.config.settings import ServerSettings, for_others
from brender.farm.people.users import NotLoggedIn, Who
from tests.effort import strangers
from tests.fakes import SmallFarm
from tests.test_imports import BRENDER, imports

CASES = {
    "SEC-01 strangers on the network": (
        "security.test_cases.AsInstalled.test_nobody_but_this_machine_reaches_a_port",
        "people.test_command.WithoutAServer.test_a_network_address_needs_a_user_first_and_says_how_to_make_one",
        "people.test_web.Strangers.test_every_address_but_the_door_wants_to_know_who_asks",
        "people.test_shell.AtTheShell.test_a_stranger_is_told_nothing_of_the_farm",
        "people.test_table.Table.test_job_create",
        "people.test_table.Table.test_job_cancel",
        "people.test_table.Table.test_client_disable",
        "people.test_table.Whole.test_every_verb_is_tried_on_every_face_or_it_is_said_why_not",
        "people.test_beside.Following.test_they_are_for_everybody_who_may_look_at_the_farm_and_for_nobody_else",
        "browser.test_allowed.Offered.test_a_viewer_is_offered_none_of_it_"
        "an_artist_what_is_of_their_own_jobs_and_a_wrangler_all",
    ),
    "SEC-02 a way in with a well-known password": (
        "security.test_cases.AsInstalled.test_there_is_no_manhole",
        "security.test_cases.AsInstalled.test_there_is_no_password_that_everybody_knows",
        "people.test_command.WithoutAServer.test_telnet_on_the_network_has_to_be_allowed",
        "people.test_ssh.Ssh.test_whoever_does_not_know_it_is_not_let_in",
        "people.test_ssh.Ssh.test_the_host_key_stays_the_same_and_is_for_its_owner_alone",
    ),
    "SEC-04 names of embedded files": (
        "farm.submission.test_checks.Files.test_names_that_would_not_stay_in_the_session_s_folder_are_refused",
        "farm.submission.test_checks.Files.test_files_of_environments_are_looked_at_too",
        "worker.session.test_files.Names.test_whatever_leads_out_is_found_wherever_it_stands",
        "worker.session.test_files.Sessions.test_none_is_opened_with_a_file_that_would_lead_out_and_it_says_which",
    ),
    "SEC-05 values that are pieces of script": (
        "line.test_shell_code.ShellCode.test_frames_have_to_be_frames",
        "line.test_shell_code.ShellCode.test_names_of_files_are_taken_as_they_are",
        "line.test_shell_code.ShellCode.test_other_names_are_looked_for_as_they_are",
    ),
    "SEC-07 secrets in logs": (
        "line.test_templates.TemplateTests.test_secrets_are_masked_in_every_log",
        "line.test_templates.TemplateTests.test_secrets_are_masked_in_reasons_too",
        "worker.session.test_session.SecretTests.test_one_of_several_lines_is_masked_line_by_line",
        "worker.session.test_session.SecretTests.test_without_the_extension_it_is_masked_and_not_set",
        "worker.session.test_session.SecretTests.test_one_that_is_named_in_the_wrong_way_is_masked_too",
    ),
    "SEC-08 a path in the address": (
        "web.test_traversal.Traversal.test_no_address_leads_out",
        "line.test_refusals.Refusals.test_no_address_leads_out_of_a_folder",
        "logs.test_logs.Links.test_a_folder_that_is_one_is_not_followed",
        "logs.test_logs.Links.test_nor_is_a_file",
        "web.handlers.test_videos.Opened.test_a_link_out_of_the_folder_is_not_followed_and_one_inside_is",
        "people.test_table.Table.test_job_log",
        "people.test_table.Table.test_task_log",
    ),
    "SEC-09 scripts of a scene": (
        "worker.blender.test_stage.Scripts."
        "test_they_run_unless_forbidden_in_the_folder_of_the_session_and_the_log_says_so",
        "worker.blender.test_stage.Scripts.test_forbidden_ones_do_not_run_and_the_log_names_them",
        "worker.blender.test_stage.Scripts.test_what_the_farm_forbids_does_not_run_although_the_job_allows_it",
        "people.test_scripts.ScriptTests.test_whose_scripts_run_is_a_matter_of_the_owners_role",
    ),
    "SEC-10 junk on the worker port": (
        "protocols.test_worker.RealSockets.test_junk_is_refused",
        "protocols.test_worker.RealSockets.test_connections_that_never_say_a_word_are_closed_and_hurt_nobody",
        "protocols.test_worker.RealSockets.test_a_greeting_and_then_silence_is_a_worker_that_has_gone",
        "protocols.test_worker.RealSockets.test_who_sends_ten_megabytes_without_an_end_reads_why_it_was_refused",
        "ports.test_strangers.Ports.test_a_crowd_that_says_half_of_something_locks_nobody_out",
    ),
}


class Cases(SynchronousTestCase):
    def test_every_case_has_its_tests(self) -> None:
        self.assertEqual(strangers(name for names in CASES.values() for name in names), [])


class AsInstalled(TestCase):
    def test_nobody_but_this_machine_reaches_a_port(self) -> None:
        settings = ServerSettings()
        self.assertFalse(any(map(for_others, (settings.shell, settings.workers, settings.web))))
        self.assertEqual((settings.ssh, settings.telnet_on_network), ("", False))

    def test_there_is_no_manhole(self) -> None:
        """Nothing that answers Python to whoever calls, with whatever password."""
        ways = ("twisted.conch.manhole", "twisted.conch.telnet", "twisted.spread", "code.", "pdb.")
        self.assertEqual([each for each in imports(BRENDER) if f"{each.target}.".startswith(ways)], [])

    async def test_there_is_no_password_that_everybody_knows(self) -> None:
        farm = SmallFarm(self)
        service = farm.service
        self.assertEqual((service.farm.people.users, service.farm.people.tokens), ({}, {}))
        for name in ("admin", "root", "brender", ""):
            for password in ("", name, "admin", "password", "brender"):
                farm.clock.advance(3600)  # as fast as they like, they are told to wait
                with self.assertRaises(NotLoggedIn):
                    await service.log_in(name, password, Who(address="192.0.2.7"))
