"""A reactor that makes one turn when a test says so, and whose clock goes on only while something is done."""

from twisted.internet.task import Clock


class Turns(Clock):
    def work(self, seconds: float) -> None:
        """Something takes so long."""
        self.rightNow += seconds

    def turn(self) -> float:
        """Do what was left to this turn; the seconds that it took."""
        before = self.seconds()
        (call,) = self.calls
        run = call.func  # and not what it puts off to the turn after this one, as `advance` would
        call.cancel()
        run()
        return self.seconds() - before

    def all_turns(self) -> int:
        """Until nothing is to be done; how many that were."""
        count = 0
        while self.getDelayedCalls():
            self.turn()
            count += 1
        return count
