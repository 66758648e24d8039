"""Hours of the day and days of the week, on the clocks of several zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.scheduling.windows import DAYS, BadHours, Hours, zone_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")  # clocks go forward on 28 March 2027 at 02:00, back on 31 October at 03:00
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo")
HOUR, DAY = 3600.0, 86400.0


def at(text: str, zone: str = "UTC", fold: int = 0) -> float:
    """ "2027-03-28 02:30" on the clocks of a zone, as seconds of the epoch."""
    return datetime.fromisoformat(text).replace(tzinfo=zone_of(zone), fold=fold).timestamp()


def is_open(hours: str, moment: str, zone: str = "UTC") -> bool:
    return Hours.read(hours).cover(at(moment, zone), zone_of(zone))


def changes(hours: str, moment: str, zone: str = "UTC") -> str | None:
    """When it is different, on the clocks of the zone."""
    found = Hours.read(hours).next_change(at(moment, zone), zone_of(zone))
    return None if found is None else f"{datetime.fromtimestamp(found, zone_of(zone)):%Y-%m-%d %H:%M}"


class Open(SynchronousTestCase):
    def test_the_first_minute_is_in_and_the_last_is_not(self) -> None:
        seen = [is_open("09:00-17:00", f"2027-01-04 {hour}") for hour in ("08:59:59", "09:00", "16:59:59", "17:00")]
        self.assertEqual(seen, [False, True, True, False])

    def test_hours_that_cross_midnight_are_not_turned_round(self) -> None:
        seen = [is_open("22:00-06:00", f"2027-01-04 {hour}") for hour in ("21:59", "23:00", "00:00", "05:59", "06:00")]
        self.assertEqual(seen, [False, True, True, True, False])
        self.assertFalse(is_open("22:00-06:00", "2027-01-04 12:00"))

    def test_there_may_be_several_a_day(self) -> None:
        hours = "12:00-13:00, 19:00-07:00"
        seen = [is_open(hours, f"2027-01-04 {hour}") for hour in ("06:30", "11:00", "12:30", "13:30", "19:00")]
        self.assertEqual(seen, [True, False, True, False, True])

    def test_hours_that_cross_midnight_belong_to_the_day_on_which_they_begin(self) -> None:
        hours = "fri 22:00-06:00"  # 1 January 2027 is a Friday
        moments = ("2027-01-01 05:00", "2027-01-01 23:00", "2027-01-02 05:00", "2027-01-02 23:00")
        self.assertEqual([is_open(hours, moment) for moment in moments], [False, True, True, False])

    def test_sunday_night_goes_on_into_monday(self) -> None:
        self.assertTrue(is_open("sun 22:00-06:00", "2027-01-04 03:00"))
        self.assertFalse(is_open("sun 22:00-06:00", "2027-01-03 03:00"))

    def test_days_are_single_ones_or_from_one_to_another_round_the_end_of_the_week(self) -> None:
        for text, days in (("mon-fri", "mon tue wed thu fri"), ("sat-mon", "sat sun mon"), ("mon wed", "mon wed")):
            hours = f"{text} 10:00-11:00"
            seen = [day for number, day in enumerate(DAYS) if is_open(hours, f"2027-01-{4 + number:02} 10:30")]
            self.assertEqual(set(seen), set(days.split()))

    def test_a_weekend_is_whole_and_nights_of_the_week_are_added(self) -> None:
        hours = "mon-fri 19:00-07:00, sat-sun 00:00-24:00"
        self.assertEqual(changes(hours, "2027-01-01 20:00"), "2027-01-04 00:00")  # Friday evening to Monday
        self.assertEqual(changes(hours, "2027-01-04 01:00"), "2027-01-04 19:00")

    def test_capital_letters_and_white_space_do_not_matter(self) -> None:
        self.assertEqual(Hours.read(" MON-Fri   9:00 - 17:00 "), Hours.read("mon-fri 09:00-17:00"))

    def test_no_hours_are_never_open(self) -> None:
        self.assertFalse(is_open("", "2027-01-04 12:00"))
        self.assertIsNone(changes("", "2027-01-04 12:00"))

    def test_hours_that_are_always_open_never_change(self) -> None:
        for text in ("00:00-24:00", "00:00-12:00, 12:00-00:00"):
            self.assertTrue(is_open(text, "2027-01-04 12:00"))
            self.assertIsNone(changes(text, "2027-01-04 12:00"))


class Zones(SynchronousTestCase):
    def test_the_clock_is_that_of_the_zone(self) -> None:
        moment = at("2027-01-04 22:30", "UTC")
        seen = [Hours.read("22:00-23:00").cover(moment, zone_of(zone)) for zone in ("UTC", "Europe/Amsterdam", "")]
        self.assertEqual(seen, [True, False, True])

    def test_a_night_in_which_clocks_go_forward_is_an_hour_shorter(self) -> None:
        begin, end = at("2027-03-27 22:00", "Europe/Amsterdam"), at("2027-03-28 06:00", "Europe/Amsterdam")
        self.assertEqual(end - begin, 7 * HOUR)
        self.assertEqual(Hours.read("22:00-06:00").next_change(begin, AMSTERDAM), end)

    def test_a_night_in_which_clocks_go_back_is_an_hour_longer(self) -> None:
        begin, end = at("2027-10-30 22:00", "Europe/Amsterdam"), at("2027-10-31 06:00", "Europe/Amsterdam")
        self.assertEqual(end - begin, 9 * HOUR)
        self.assertEqual(Hours.read("22:00-06:00").next_change(begin, AMSTERDAM), end)

    def test_what_is_on_the_clock_twice_is_open_twice(self) -> None:
        hours, zone = Hours.read("02:15-02:45"), "Europe/Amsterdam"
        edges = [at(f"2027-10-31 {clock}", zone, fold) for fold in (0, 1) for clock in ("02:15", "02:45")]
        seen, moment = [], edges[0] - HOUR
        for _ in edges:
            found = hours.next_change(moment, AMSTERDAM)
            assert found is not None
            seen.append(moment := found)
        self.assertEqual(seen, edges)

    def test_hours_that_begin_in_the_hour_that_is_left_out_begin_when_the_clock_is_past_it(self) -> None:
        self.assertEqual(changes("02:30-05:00", "2027-03-28 01:00", "Europe/Amsterdam"), "2027-03-28 03:00")

    def test_hours_that_are_left_out_once_come_a_week_later(self) -> None:
        self.assertEqual(changes("sun 02:15-02:45", "2027-03-22 12:00", "Europe/Amsterdam"), "2027-04-04 02:15")

    def test_a_zone_that_moves_its_clocks_by_half_an_hour(self) -> None:
        self.assertEqual(changes("01:45-12:00", "2027-10-03 01:00", "Australia/Lord_Howe"), "2027-10-03 01:45")
        self.assertEqual(changes("02:10-12:00", "2027-10-03 01:00", "Australia/Lord_Howe"), "2027-10-03 02:30")

    def test_no_name_is_utc(self) -> None:
        self.assertIs(zone_of(""), UTC)
        self.assertIs(zone_of("UTC"), UTC)


CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
A_DAY = st.sampled_from(DAYS)
DAY_TEXT = st.one_of(st.just(""), A_DAY, st.builds("{}-{}".format, A_DAY, A_DAY))
PAIRS = st.tuples(CLOCK, CLOCK).filter(lambda pair: pair[0] != pair[1])
WINDOWS = st.builds(lambda day, pair: f"{day} {pair[0]}-{pair[1]}", DAY_TEXT, PAIRS)
HOURS_TEXT = st.lists(WINDOWS, min_size=1, max_size=3).map(", ".join)
MOMENTS = st.integers(int(at("2027-01-01 00:00")), int(at("2028-12-31 00:00"))).map(float)


class Properties(SynchronousTestCase):
    @given(HOURS_TEXT, MOMENTS, st.sampled_from(ZONES))
    def test_nothing_changes_before_the_next_change_and_then_it_does(self, text: str, now: float, zone: str) -> None:
        hours, clock = Hours.read(text), zone_of(zone)
        found = hours.next_change(now, clock)
        end = found if found is not None else now + 14 * DAY
        steps = range(int(now), int(end), 60 if end - now < 2 * DAY else 900)
        self.assertEqual({hours.cover(float(moment), clock) for moment in steps} - {hours.cover(now, clock)}, set())
        if found is not None:
            self.assertNotEqual(hours.cover(found, clock), hours.cover(now, clock))
            self.assertEqual(hours.cover(found - 0.001, clock), hours.cover(now, clock))

    @given(HOURS_TEXT, MOMENTS, st.sampled_from(ZONES))
    def test_it_is_open_exactly_when_the_clock_on_the_wall_is_between_begin_and_end(
        self, text: str, now: float, zone: str
    ) -> None:
        local = datetime.fromtimestamp(now, zone_of(zone))
        wall = f"{local:%H:%M}"
        wanted = False
        for part in text.split(", "):
            named, _, clocks = part.rpartition(" ")
            begin, end = clocks.split("-")
            first, _, last = named.strip().partition("-")
            days = [DAYS[(DAYS.index(first) + more) % 7] for more in range(7)] if first else list(DAYS)
            if first:
                days = days[: days.index(last or first) + 1]
            today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
            if begin < end:
                wanted |= today in days and begin <= wall < end
            else:
                wanted |= (today in days and wall >= begin) or (yesterday in days and wall < end)
        self.assertEqual(Hours.read(text).cover(now, zone_of(zone)), wanted)

    @given(st.text(max_size=40))
    def test_any_text_is_hours_or_refused_with_a_sentence(self, text: str) -> None:
        try:
            Hours.read(text)
        except BadHours as bad:
            self.assertTrue(str(bad).endswith("."))

    @given(st.text(max_size=40))
    def test_any_name_is_a_zone_or_refused_with_a_sentence(self, name: str) -> None:
        try:
            zone_of(name)
        except BadHours as bad:
            self.assertTrue(str(bad).endswith("."))


class BadInput(SynchronousTestCase):
    def refused(self, text: str) -> str:
        return str(self.assertRaises(BadHours, Hours.read, text))

    def test_a_window_that_ends_when_it_begins(self) -> None:
        told = '"10:00-10:00" ends when it begins; the whole day is 00:00-24:00.'
        self.assertEqual(self.refused("10:00-10:00"), told)
        self.assertIn("ends when it begins", self.refused("9:00-09:00"))

    def test_a_time_that_is_on_no_clock(self) -> None:
        self.assertEqual(self.refused("25:00-26:00"), '"25:00" is no time of day; they go from 00:00 to 24:00.')
        self.assertIn('"22:60" is no time', self.refused("22:60-23:00"))
        self.assertIn('"24:01" is no time', self.refused("20:00-24:01"))

    def test_a_window_that_begins_at_the_end_of_the_day(self) -> None:
        self.assertEqual(self.refused("24:00-06:00"), '"24:00-06:00" begins at 24:00; write 00:00.')

    def test_what_is_no_window(self) -> None:
        for text in ("22-06", "mon", "night", "22:00", "funday 10:00-11:00", "22:00-06:00-08:00"):
            self.assertEqual(self.refused(text), f'"{text}" is no window; write 22:00-06:00, or mon-fri 22:00-06:00.')

    def test_a_letter_that_only_looks_like_one_is_refused(self) -> None:
        self.assertIn("is no window", self.refused("ſat 10:00-11:00"))
        self.assertIn("is no window", self.refused("２２:00-23:00"))

    def test_what_cannot_be_printed_is_shown_as_its_number(self) -> None:
        self.assertIn(r"\x00", self.refused("a\0b"))
        self.assertIn(r"\x00", str(self.assertRaises(BadHours, zone_of, "a\0b")))
        str(self.assertRaises(BadHours, zone_of, "\ud800")).encode()

    def test_a_zone_that_does_not_exist(self) -> None:
        for name in ("Europe/Atlantis", "../UTC", "Europe", "/etc/localtime", "tzdata.zi", "x" * 300):
            self.assertIn("There is no time zone", str(self.assertRaises(BadHours, zone_of, name)))
