"""The peer of `noop_rate`: processes that each run one openjd-sessions session in a loop, and nothing else.

How does this work?  `python -m bench.bare TASKS` starts eight processes, has each run its share of
`/bin/true` as an OpenJD task, and prints the tasks per second of all together, from the first task's
start to the last one's end.
"""

import logging
import sys
from multiprocessing import Process, Queue
from threading import Event
from time import monotonic

from openjd.model import StepParameterSpaceIterator, create_job, decode_job_template
from openjd.sessions import LOG, ActionState, ActionStatus, Session

from bench.templates import noop

PROCESSES = 8


def loop(tasks: int, times: "Queue[tuple[float, float]]") -> None:
    LOG.addHandler(logging.NullHandler())
    LOG.propagate = False
    step = create_job(job_template=decode_job_template(template=noop(tasks)), job_parameter_values={}).steps[0]
    ended = Event()

    def heard(_: str, status: ActionStatus) -> None:
        if status.state is not ActionState.RUNNING:
            ended.set()

    with Session(session_id="bare", job_parameter_values={}, callback=heard) as session:
        began = monotonic()
        for values in StepParameterSpaceIterator(space=step.parameterSpace):
            ended.clear()
            session.run_task(step_script=step.script, task_parameter_values=values)
            ended.wait()
        times.put((began, monotonic()))


def main(tasks: int) -> float:
    times: Queue[tuple[float, float]] = Queue()
    processes = [Process(target=loop, args=(tasks // PROCESSES, times)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    spans = [times.get() for _ in processes]
    for process in processes:
        process.join()
    return tasks / (max(end for _, end in spans) - min(begin for begin, _ in spans))


if __name__ == "__main__":
    print(main(int(sys.argv[1])))
