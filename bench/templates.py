"""The job templates that are measured."""

from typing import Any

VCPU = {"amounts": [{"name": "amount.worker.vcpu", "min": 1}]}


def step(tasks: int, command: str, *args: str) -> dict[str, Any]:
    """A step of so many tasks, each of which takes one slot."""
    action: dict[str, Any] = {"command": command}
    if args:
        action["args"] = list(args)
    numbers = {"name": "Number", "type": "INT", "range": f"1-{tasks}"}
    return {
        "name": "Step",
        "parameterSpace": {"taskParameterDefinitions": [numbers]},
        "hostRequirements": VCPU,
        "script": {"actions": {"onRun": action}},
    }


def template(name: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"specificationVersion": "jobtemplate-2023-09", "name": name, "steps": list(steps)}


def noop(tasks: int) -> dict[str, Any]:
    return template("noop", step(tasks, "/bin/true"))


def stamped(tasks: int, path: str) -> dict[str, Any]:
    """Tasks of 30 ms that write when they began and ended, in seconds of the epoch."""
    script = f'began=$EPOCHREALTIME; read -t 0.03 <> <(:); echo "$began $EPOCHREALTIME" >> {path}'
    return template("stamped", step(tasks, "bash", "-c", script))
