"""What went wrong on other people's farms, as far as ranges and handing in are concerned: each case with its tests.

How does this work?  `RANGES` and `SUBMIT` have a row for each case: the names of the tests that try it.  They are
looked up.  Where a row says "decision", our own (in `tests.farm.test_cases`) goes before what the case names as right.
What concerns the built-in template stands in `BuiltIn`.
"""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.planning import plan
from brender.templates import built_in, path_of
from tests.effort import strangers
from tests.farm.submission.documents import all_tasks

RANGES = {
    "RNG-01 the specification's table": ("farm.submission.test_ranges.Reading.test_the_specifications_table_is_read",),
    "RNG-02 overlapping pieces are both named": (
        "farm.submission.test_ranges.Refusing.test_overlapping_pieces_are_both_named",
        "farm.submission.test_ranges.Refusing.test_a_stranger_among_the_characters_is_named_with_its_position",
    ),
    "RNG-03 overlaps and frames that stand twice": (
        "farm.submission.test_ranges.Refusing.test_overlapping_pieces_are_both_named",
        "farm.submission.test_ranges.Refusing.test_a_frame_that_stands_twice_is_named",
        "farm.submission.test_space.Spaces.test_a_list_may_name_a_frame_twice",
    ),
    # decision 1: as openjd-model reads them, here and where the end is below the start
    "RNG-04 a piece whose steps end before the next begins": (
        "farm.submission.test_ranges.Reading.test_a_piece_may_begin_where_the_steps_of_the_one_before_have_ended",
    ),
    "RNG-05 an end below the start": (
        "farm.submission.test_ranges.Refusing.test_the_syntax_of_other_farms_is_refused_with_ours",
    ),
    "RNG-06 the order of what descends": (
        "farm.submission.test_ranges.Reading.test_a_descending_piece_keeps_its_order_and_the_pieces_are_sorted",
    ),
    "RNG-07 lists have an end, ranges have the farm's own": (
        "farm.submission.test_checks.Ranges"
        ".test_a_list_of_numbers_has_1024_at_most_and_an_expression_as_many_as_it_likes",
        "farm.submission.test_ranges.Reading.test_a_hundred_million_frames_are_never_listed",
        "farm.submission.test_planning.Limits.test_more_tasks_than_the_farm_takes_are_refused_with_the_limit",
        "farm.submission.test_planning.Limits.test_ten_million_tasks_cost_the_memory_of_a_few",
    ),
    "RNG-08 blanks, tabs, line ends (decision 1: as openjd-model has them)": (
        "farm.submission.test_ranges.Reading.test_blanks_tabs_and_line_ends_stand_between_what_counts",
        "farm.submission.test_ranges.Reading.test_negative_frames_are_frames",
        "farm.submission.test_ranges.Refusing.test_the_syntax_of_other_farms_is_refused_with_ours",
    ),
    "RNG-10 negative frames": (
        "farm.submission.test_ranges.Reading.test_negative_frames_are_frames",
        "farm.submission.test_space.Spaces.test_a_negative_frame_s_text_is_a_number",
    ),
    # 422 and not 400: the request can be read, the job cannot be made
    "RNG-11 the syntax of other farms": (
        "farm.submission.test_ranges.Refusing.test_the_syntax_of_other_farms_is_refused_with_ours",
        "farm.submission.test_ranges.Refusing.test_a_frame_that_stands_twice_is_named",
        "web.test_jobs.Submitting.test_a_range_as_other_farms_write_it_is_refused_with_ours",
    ),
    "RNG-13 the last frame": (
        "farm.submission.test_space.Spaces.test_the_last_frame_is_never_dropped",
        "farm.submission.test_chunks.Chunks.test_close_chunks_are_evened_out_and_never_end_beyond_the_range",
    ),
    "RNG-14 the end of the last chunk": (
        "farm.submission.test_chunks.Chunks.test_close_chunks_are_evened_out_and_never_end_beyond_the_range",
        "farm.submission.test_chunks.Chunks.test_every_cut_of_many_ranges_is_the_reference_s",
    ),
    "RNG-16 chunks of a step after a stepped range": (
        "farm.submission.test_chunks.Chunks.test_chunks_of_a_stepped_range_are_evened_out_too",
        "farm.scheduling.test_dependencies.Frames.test_chunks_of_a_step_wait_for_all_of_the_step_that_it_comes_after",
    ),
    "RNG-17 how chunks are written": (
        "farm.submission.test_chunks.Chunks.test_close_chunks_are_evened_out_and_never_end_beyond_the_range",
        "farm.submission.test_chunks.Chunks.test_loose_chunks_are_written_as_the_conformance_suite_writes_them",
        "line.test_templates.TemplateTests.test_chunks_reach_the_task_as_ranges",
    ),
    "RNG-18 chunks with signs": (
        "farm.submission.test_chunks.Chunks.test_negative_frames_keep_their_signs",
        "line.test_templates.TemplateTests"
        ".test_chunks_before_zero_can_be_told_apart_and_each_frame_of_them_is_rendered_once",
        "farm.submission.test_cases.BuiltIn.test_no_template_has_to_tell_signs_apart_and_each_frame_is_a_task",
        "worker.blender.test_keeper.KeptOpen.test_a_negative_frame_is_that_frame_of_the_timeline",
    ),
    "RNG-19 each frame of a chunk once": (
        "line.test_templates.TemplateTests.test_each_frame_of_a_chunk_is_rendered_once_and_the_command_runs_once",
    ),
    "RNG-20 frames here and there, and those that failed": (
        "farm.submission.test_ranges.Reading.test_single_frames_and_ranges_mix",
        "cli.test_again.Again.test_of_frames_here_and_there_those_run_again_that_failed",
    ),
    "RNG-21 look-alikes": (
        "farm.submission.test_ranges.Refusing.test_look_alikes_are_named_by_code_point",
        "farm.submission.test_planning.Ranges.test_a_bad_value_is_told_at_the_parameter_that_it_was_given_for",
    ),
    "RNG-22 steps against the direction, and of nothing": (
        "farm.submission.test_ranges.Refusing.test_a_step_against_the_direction_or_of_nothing_is_refused",
    ),
    "RNG-23 no step because of the speed": (
        "worker.blender.test_describe.Described.test_frames_size_engine_camera_and_output",
        "worker.blender.test_describe.Described.test_all_frames_are_read_whatever_their_speed",
        "planner.test_scenes.Read.test_frames_are_told_without_a_step_whatever_their_speed",
        "browser.test_submit.OfTheScene.test_its_frames_are_taken_over_by_a_click_and_not_in_silence",
        "cli.test_submit.Submit.test_without_frames_a_scene_is_asked_for_its_own",
    ),
    "RNG-24 the old way to cut chunks": (
        "farm.submission.test_space.Spaces.test_the_old_way_to_cut_chunks_with_two_parameters_works",
        "farm.submission.test_ranges.Refusing.test_the_old_trick_for_chunks_that_ends_before_it_begins_is_refused",
    ),
    "RNG-25 combinations": (
        "farm.submission.test_space.Spaces.test_combinations_count_as_the_specification_says",
        "farm.submission.test_space.Spaces.test_combinations_that_do_not_fit_are_refused_with_their_place",
        "farm.submission.test_space.Spaces.test_a_chunk_cannot_stand_in_an_association",
    ),
    "RNG-26 a range that is a job's value": (
        "farm.submission.test_planning.Ranges.test_frames_come_from_the_value_of_a_parameter",
        "farm.submission.test_planning.Ranges.test_a_bad_value_is_told_at_the_parameter_that_it_was_given_for",
    ),
}

SUBMIT = {
    "SUB-01 names are shown and part of no path": (
        "farm.submission.test_planning.Names.test_any_name_that_openjd_allows_is_kept_verbatim",
        "line.test_names.NameTests.test_every_legal_name_is_shown_as_it_is_runs_and_is_part_of_no_path",
    ),
    "SUB-02 names of 128 characters, whatever bytes": (
        "farm.submission.test_planning.Names.test_a_name_has_128_characters_however_many_bytes_they_are",
        "line.test_names.NameTests.test_every_legal_name_is_shown_as_it_is_runs_and_is_part_of_no_path",
        "line.test_names.NameTests.test_a_name_of_one_character_more_is_refused_with_how_many_there_may_be",
        "farm.test_admission.Problems.test_a_name_in_place_of_the_templates_is_as_long_as_that_may_be",
    ),
    "SUB-04 hints without a control": (
        "farm.submission.test_parameters.Values.test_a_control_of_the_user_interface_is_optional",
        "farm.submission.test_outlines.Form.test_hints_are_the_templates_own_with_the_control_that_is_meant",
    ),
    "SUB-05 many at once": (
        "cli.test_submit.ManyAtOnce.test_twenty_submits_five_at_a_time_are_twenty_jobs",
        "line.test_at_once.AtOnceTests.test_fifty_who_submit_at_once_get_fifty_jobs_each_with_its_tasks",
        "web.test_jobs.Submitting.test_fifty_requests_at_once_are_fifty_jobs_with_exactly_their_tasks",
    ),
    "SUB-07 the values of a job that is handed in again": (
        "cli.test_submit.OnceMore.test_every_value_is_that_of_the_first",
        "farm.submission.test_planning.Stored.test_a_job_that_comes_back_from_the_database_has_the_same_plan",
        "farm.submission.test_planning.Stored.test_a_job_that_is_submitted_again_as_it_was_exported_is_the_same",
    ),
    "SUB-08 whole numbers of zero and below": (
        "farm.submission.test_parameters.Values.test_defaults_and_bounds_may_be_zero_or_below",
        "farm.submission.test_parameters.Values.test_a_bool_is_no_whole_number_for_a_default_either",
    ),
    "SUB-10 braces": (
        "farm.submission.test_sentences.Sentences.test_braces_without_a_partner_are_refused_with_their_position",
        "farm.submission.test_sentences.Sentences.test_single_and_parted_braces_are_text",
    ),
    "SUB-11 what YAML makes of it": (
        "farm.submission.test_sentences.Sentences.test_types_that_yaml_changes_are_refused_with_what_was_written",
        "farm.submission.test_sentences.Sentences"
        ".test_where_numbers_are_wanted_those_that_yaml_makes_others_of_are_refused_too",
        "farm.submission.test_sentences.Sentences.test_numbers_that_are_to_yaml_what_they_look_like_are_taken",
        "farm.submission.test_bundles.Values.test_numbers_that_yaml_makes_others_of_are_refused",
    ),
    "SUB-12 circles of steps": (
        "farm.submission.test_checks.Dependencies.test_a_circle_of_steps_names_its_members",
        "farm.submission.test_checks.Dependencies.test_a_step_cannot_wait_for_itself_or_for_nobody",
        "farm.submission.test_checks.Dependencies"
        ".test_chains_and_diamonds_are_accepted_in_whatever_order_they_are_written",
    ),
    # openjd-model keeps the blank of " 5" and takes 2^70: a command is given 5, and 64 bits are the specification's
    "SUB-13 values that are whole numbers": (
        "farm.submission.test_parameters.Values.test_whole_numbers_are_kept_as_text_without_blanks_around_it",
        "farm.submission.test_parameters.Values.test_what_is_no_whole_number_of_64_bits_is_refused",
        "farm.submission.test_parameters.Values.test_missing_and_unknown_parameters_are_named",
    ),
    "SUB-14 default paths stay in the template's folder": (
        "farm.submission.test_parameters.Paths.test_relative_defaults_are_joined_to_the_template_s_folder",
        # C:\x too: on a farm of several systems it is absolute wherever it is read
        "farm.submission.test_parameters.Paths.test_defaults_do_not_leave_the_folder_whether_there_is_one_or_not",
        "cli.test_submit.Paths.test_a_relative_value_starts_here_and_a_default_at_the_template",
        "cli.test_submit.Paths.test_a_default_that_leaves_its_folder_is_refused",
        "cli.test_submit.Paths.test_a_default_that_is_a_link_out_of_its_folder_is_refused",
    ),
    "SUB-16 folders and files": (
        "cli.test_submit.Paths.test_a_relative_value_starts_here_and_a_default_at_the_template",
        "cli.test_submit.Paths.test_a_folder_for_a_file_and_a_file_for_a_folder_are_refused",
        "cli.test_submit.Paths.test_an_input_that_is_not_here_is_told_and_the_job_taken",
    ),
    "SUB-17 again with a few changes": (
        "cli.test_submit.OnceMore.test_with_other_frames_and_another_name_all_else_is_the_same",
        "farm.submission.test_planning.Ranges.test_the_same_job_again_with_other_frames_has_just_those",
        "cli.test_again.Again.test_of_frames_here_and_there_those_run_again_that_failed",
    ),
}


class Cases(SynchronousTestCase):
    def test_every_case_has_its_tests(self) -> None:
        rows = [*RANGES.values(), *SUBMIT.values()]
        self.assertEqual(strangers(name for names in rows for name in names), [])


class BuiltIn(SynchronousTestCase):
    def test_no_template_has_to_tell_signs_apart_and_each_frame_is_a_task(self) -> None:
        """Frames reach Blender one by one and not as chunks such as -5--2."""
        for name in built_in():
            made = plan(path_of(name).read_text(), {"Scene": "/shot.blend", "Frames": "-5-5"})
            (frame,) = {step.frame for step in made.steps if step.frame}
            self.assertEqual([task[frame] for task in all_tasks(made)], [str(number) for number in range(-5, 6)], name)
