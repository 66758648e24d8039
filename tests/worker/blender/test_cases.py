"""What went wrong on other people's farms, as far as Blender is concerned: each case with its tests.

How does this work?  `CASES` has a row for each case: the names of the tests that try it.  They are looked up.  Cases
about the order of Blender's options and about chunks of frames are tried by what they spoil, which is the picture:
brender says everything by Blender's Python, to one Blender that stays open, a frame at a time.
"""

from twisted.trial.unittest import SynchronousTestCase

from tests.effort import strangers

CASES = {
    "BLD-01 the output that is said counts, in whatever place of a command line": (
        "worker.blender.test_keeper.Places.test_the_given_output_wins_and_may_be_beside_the_scene",
        "worker.blender.test_keeper.Places.test_the_scene_says_where_when_nobody_else_does",
        "worker.blender.test_installed.Choice.test_options_come_before_the_script_and_our_words_behind_the_dashes",
    ),
    "BLD-02 threads of the farm and not of the scene": (
        "worker.blender.test_keeper.Settings.test_the_threads_that_the_farm_gives_are_in_force",
    ),
    "BLD-04 an error in Python is a failure": (
        "worker.blender.test_errors.OursStops.test_an_error_while_it_starts",
        "worker.blender.test_errors.OursStops.test_an_error_between_two_messages",
        "worker.blender.test_errors.OursStops.test_an_error_behind_a_frame_fails_that_frame_and_blender_stays",
        "worker.blender.test_errors.TheScenesEnds.test_in_a_frame_although_it_says_that_all_is_well",
        "worker.blender.test_errors.TheScenesStops."
        "test_errors_of_its_scripts_and_drivers_are_warnings_of_every_frame_or_of_their_own",
        "worker.blender.test_installed.Choice.test_options_come_before_the_script_and_our_words_behind_the_dashes",
    ),
    "BLD-05 a picture that cannot be written": (
        "worker.blender.test_output.Refusals.test_a_folder_that_cannot_be_written_is_named",
        "worker.blender.test_writing.Writing.test_a_device_is_no_folder",
        "worker.blender.test_writing.Writing.test_a_name_that_stands_for_a_device_becomes_the_frame",
        "worker.blender.test_writing.Writing."
        "test_a_full_one_leaves_no_file_and_the_sentence_has_the_path_in_each_format",
        "worker.blender.test_writing.Writing.test_a_folder_that_is_not_there_is_made_also_when_it_goes_later",
        "worker.blender.test_stage.Refusals.test_an_output_folder_that_cannot_be_written",
        "worker.blender.test_writing.Writing."
        "test_a_read_only_file_system_is_named_before_the_first_frame_and_later_and_can_be_mended",
    ),
    "BLD-07 placeholders are no frames": (
        "worker.blender.test_guard.Deaths."
        "test_a_placeholder_of_one_that_is_killed_has_no_frames_name_and_the_frame_is_rendered_again",
        "worker.blender.test_output.Existing."
        "test_a_scene_that_says_not_to_overwrite_is_obeyed_but_placeholders_are_no_frames",
        "worker.blender.test_output.Existing.test_empty_and_broken_ones_are_rendered_again",
    ),
    "BLD-08 scenes of any name": (
        "worker.blender.test_stage.Named.test_the_scene_that_is_named_is_rendered",
        "worker.blender.test_stage.Named.test_without_a_name_the_active_one_is",
        "worker.blender.test_keeper.Settings.test_the_active_scene_is_rendered_whatever_it_is_called",
        "worker.blender.test_keeper.Settings.test_another_scene_can_be_named",
        "worker.blender.test_stage.Refusals.test_a_scene_of_another_name",
        "worker.blender.test_stage.Refusals.test_one_of_two_whose_names_begin_alike_is_not_taken_for_the_other",
    ),
    "BLD-09 a movie, a frame at a time": (
        "worker.blender.test_keeper.Settings.test_a_movie_becomes_png_frames",
        "worker.blender.test_video.Joined.test_frames_of_several_passes_and_of_movies",
        "worker.blender.test_describe.Described.test_a_movie_and_missing_files_are_told",
    ),
    "BLD-10 machines without a display": (
        "worker.blender.test_display.Display.test_without_egl_the_engine_is_refused",
        "worker.blender.test_display.Display.test_without_a_driver_for_egl_too",
        "worker.blender.test_display.Display.test_blender_that_aborts_for_want_of_egl_says_so_with_its_line",
        "worker.blender.test_display.Display.test_or_for_want_of_a_driver",
        "worker.blender.test_fate.Fate.test_no_display",
        "line.test_scenes.Capability."
        "test_a_step_that_asks_for_a_display_library_runs_only_where_a_worker_says_that_it_has_one",
    ),
    "BLD-11 a GPU, or what is rendered instead": (
        "worker.blender.test_stage.Gpu.test_a_gpu_that_is_asked_for_renders_or_the_job_is_refused",
        "worker.blender.test_stage.Gpu.test_a_session_that_was_given_none_uses_none",
        "worker.blender.test_keeper.Settings.test_a_scene_saved_for_a_gpu_says_what_renders_it",
    ),
    "BLD-13 missing libraries": (
        "worker.blender.test_missing.Missing.test_a_library",
        "worker.blender.test_missing.Libraries."
        "test_one_that_is_there_is_no_warning_until_the_scene_is_moved_to_another_depth",
        "worker.blender.test_missing.Libraries.test_one_that_is_removed_is_a_warning_from_then_on",
    ),
    "BLD-14 missing pictures": (
        "worker.blender.test_missing.Missing.test_a_picture",
        "worker.blender.test_missing.Missing.test_one_picture_of_a_sequence",
        "worker.blender.test_missing.Missing.test_every_kind_of_file_is_told_with_its_path",
    ),
    "BLD-16 scripts and drivers": (
        "worker.blender.test_stage.Scripts.test_a_scripted_driver_moves_things_only_when_scripts_may_run",
        "worker.blender.test_stage.Scripts."
        "test_they_run_unless_forbidden_in_the_folder_of_the_session_and_the_log_says_so",
        "worker.blender.test_stage.Scripts.test_forbidden_ones_do_not_run_and_the_log_names_them",
        "worker.blender.test_stage.Scripts.test_what_the_farm_forbids_does_not_run_although_the_job_allows_it",
    ),
    "BLD-17 cameras at markers": ("worker.blender.test_keeper.KeptOpen.test_cameras_at_markers_are_followed",),
    "BLD-19 each end has its reason": (
        "worker.blender.test_crash.Told.test_four_ends_have_four_reasons",
        "worker.blender.test_fate.Fate.test_four_ends_have_four_reasons",
        "worker.blender.test_fate.Fate.test_the_systems_own_kill_for_memory",
    ),
    "BLD-20 frames before zero": (
        "worker.blender.test_keeper.KeptOpen.test_a_negative_frame_is_that_frame_of_the_timeline",
        "worker.blender.test_video.Joined.test_frames_before_zero_too_in_their_order",
    ),
    "BLD-22 Blenders that are on nobody's PATH": (
        "line.test_scenes.Versions.test_with_the_path_of_cron_those_that_are_configured_are_used_each_by_its_version",
        "worker.blender.test_find.Found.test_programs_on_the_search_path_and_configured_ones",
        "worker.blender.test_template.WithoutAWorker.test_a_machine_without_blender_says_so",
        "worker.blender.test_installed.Choice.test_where_there_is_none_the_sentence_says_what_was_looked_for_and_where",
    ),
    "BLD-23 format, depth and passes": (
        "worker.blender.test_keeper.Settings.test_depth_and_passes_stay_as_the_scene_has_them",
        "worker.blender.test_keeper.Settings.test_size_samples_and_format_can_be_given",
    ),
    "BLD-24 names of files": (
        "worker.blender.test_keeper.Names.test_behind_an_ending_too",
        "worker.blender.test_keeper.Names.test_behind_an_ending_alone_when_the_scene_wants_no_other",
        "worker.blender.test_keeper.Names.test_a_folder_gives_bare_numbers",
        "worker.blender.test_keeper.Names.test_so_do_signs_alone",
        "worker.blender.test_keeper.Names.test_without_endings_the_head_of_the_file_is_checked",
        "worker.blender.test_keeper.Places.test_a_windows_path_is_refused_and_not_taken_for_a_name",
        "worker.blender.test_keeper.Places.test_a_backslash_is_refused_wherever_it_stands",
        "worker.blender.test_paths.Mapping.test_what_no_rule_maps_is_refused",
    ),
    "BLD-25 the file as it is now": (
        "line.test_scenes.NewContent.test_on_one_worker_every_job_has_the_pixels_of_its_own_scene_as_it_is_now",
        "worker.blender.test_output.NewContent.test_the_same_path_with_another_scene_in_it_is_another_scene",
    ),
    "BLD-26 two frames that crash": (
        "line.test_crashes.CrashTests.test_a_task_a_frame",
        "line.test_crashes.CrashTests.test_in_chunks_whose_frames_are_tried_one_by_one_once_they_have_failed",
        "line.test_crashes.CrashTests."
        "test_in_chunks_of_a_fixed_size_which_are_tried_as_a_whole_and_say_which_frames_they_are",
        "worker.blender.test_guard.Crashes.test_two_frames_crash_and_the_others_are_fine",
    ),
}


class Cases(SynchronousTestCase):
    def test_every_case_has_its_tests(self) -> None:
        self.assertEqual(strangers(name for names in CASES.values() for name in names), [])
