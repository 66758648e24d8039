"""What went wrong on other people's farms, as far as logs are concerned: each case with its tests.

How does this work?  `CASES` has a row for each case: the names of the tests that try it, of which many play on a whole
farm.  They are looked up.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.effort import strangers

CASES = {
    "LOG-01 output that is no UTF-8": (
        "line.test_output.OutputTests.test_bytes_that_are_no_text_are_written_out_and_do_no_harm",
        "line.test_output.OutputTests.test_they_decide_nothing_about_the_task",
        "line.test_output.OutputTests.test_a_character_in_two_halves_is_joined",
        "line.test_output.OutputTests.test_utf_16_and_nul_bytes_do_no_harm",
        "worker.session.test_output.LinesTests.test_every_split_gives_the_same_log",
    ),
    "LOG-02 lines that nobody expects": (
        "worker.blender.test_guard.Requests."
        "test_a_million_lines_and_a_long_one_and_some_that_look_like_statistics_do_no_harm",
        "worker.blender.test_progress.Lines.test_what_cannot_be_read_is_no_progress",
        "worker.blender.test_progress.Lines.test_any_text_is_read_without_complaint",
        "worker.session.test_output.LinesTests.test_empty_lines_are_kept",
        "line.test_output.OutputTests.test_a_million_short_lines_are_all_there",
    ),
    "LOG-04 lines that are very long": (
        "line.test_output.OutputTests.test_a_line_of_three_million_characters_is_kept_whole",
        "protocols.test_shell.LongLines.test_a_line_that_is_too_long_is_dropped_and_the_next_one_answered",
        "protocols.test_shell.LongLines.test_the_longest_line_that_is_allowed_is_answered",
        "protocols.test_json_lines.Requests.test_a_line_may_be_long_and_one_that_is_too_long_is_dropped",
        "protocols.test_json_lines.Requests.test_the_line_ends_of_windows_do_not_count_wherever_they_are_split",
        "protocols.test_codec.TooLong.test_a_line_may_be_as_long_as_the_limit",
        "protocols.test_codec.TooLong.test_one_byte_more_is_too_long",
        "protocols.test_codec.TooLong.test_the_line_ends_of_windows_do_not_count_wherever_they_are_split",
        "protocols.test_worker.RealSockets.test_who_sends_ten_megabytes_without_an_end_reads_why_it_was_refused",
    ),
    "LOG-05 a log for each try, and none before the first": (
        "line.test_output.OutputTests.test_every_try_has_its_log",
        "web.test_jobs.One.test_before_the_start_the_log_says_that_there_is_none_yet",
        "protocols.test_verbs.Log.test_a_job_that_has_not_begun_has_no_log",
    ),
    "LOG-07 what Blender writes when it crashes": (
        "worker.blender.test_crash.Told.test_its_text_is_in_the_log_and_says_nothing_to_openjd",
        "worker.blender.test_crash.Told.test_what_would_be_read_for_ever_is_not_read",
        "worker.blender.test_crash.Bounds.test_of_a_long_one_the_end_is_kept",
    ),
    "LOG-08 progress and status": (
        "line.test_output.OutputTests.test_progress_and_status_are_shown_and_what_is_no_number_is_not",
        "worker.session.test_voice.VoiceTests.test_progress_is_said_when_it_changes_and_cut_to_a_length",
        "browser.test_bad_input.BadInput.test_what_machines_values_warnings_and_states_are_is_shown_as_text",
    ),
    "LOG-10 a connection that ends says why": (
        "worker.calling.test_connection.LogTests.test_a_report_that_is_refused_is_named_with_the_servers_words",
        "worker.calling.test_connection.LogTests.test_what_is_not_understood_is_told_with_what_it_was_about",
        "worker.calling.test_connection.LogTests."
        "test_a_server_that_says_nothing_more_is_told_with_what_it_was_to_answer",
        "worker.calling.test_connection.LogTests.test_an_end_without_a_word_is_told_with_its_reason",
        "line.test_reports.ReportTests.test_a_worker_whose_reports_are_not_taken_logs_why_and_of_which_task",
    ),
}


class Cases(SynchronousTestCase):
    def test_every_case_has_its_tests(self) -> None:
        self.assertEqual(strangers(name for names in CASES.values() for name in names), [])
