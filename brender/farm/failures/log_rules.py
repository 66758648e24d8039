"""What lines in logs mean: a list that can be read, and that a farm adds to.

How does this work?  The server tells every worker the `rules_of` its farm; the worker holds each line of a task's
output against them.  A line that is found ends the task, whatever its exit code would have been, as failed
with the rule's name.  `RULES` come with brender; `[farm] rules` adds others, which are looked at before
them, and `without_rules` switches some off by their names.
"""

import re
from collections.abc import Iterator

from brender.farm.settings import FarmSettings, Rule
from brender.farm.submission.problems import Problem, shown

GPU = "(cuda|optix|hip|oneapi|metal)"
LICENCE = r"licen[cs]e\b"
SERVER = r"licen[cs]e server\b"
NOT = r"\b(cannot|not|unable to|failed to)"
RULES = (
    Rule("out of GPU memory", rf"(?i)\b{GPU}\b.{{0,80}}\bout of( gpu)? memory\b", "elsewhere"),
    Rule("out of GPU memory", rf"(?i)\bout of (gpu\b.{{0,40}} memory\b|memory in {GPU}\b)", "elsewhere"),
    Rule("GPU error", rf"(?i)\b(illegal address|launch failed|device lost) in {GPU}", "elsewhere"),
    Rule("GPU driver error", r"(?i)\b(CUDA|OptiX|HIP) error\b", "elsewhere"),
    Rule("disk full", r"No space left on device", "elsewhere"),
    Rule("no licence", rf"(?i){NOT} (get|obtain|check ?out|acquire) (a |the )?{LICENCE}", "later"),
    Rule("no licence", rf"(?i)\b(no {LICENCE} available|{LICENCE} check ?out failed)\b", "later"),
    Rule("no licence", r"(?i)\blicen[cs]ed number of users already reached\b", "later"),
    Rule("licence server away", rf"(?i)\b{SERVER}.{{0,60}}\b(not respond|unreachable|down)\w*", "later"),
    Rule("licence server away", rf"(?i){NOT} (connect to|reach) (a |the )?{SERVER}", "later"),
)


def rules_of(settings: FarmSettings) -> list[Rule]:
    """The rules that count in a farm."""
    return [rule for rule in (*settings.rules, *RULES) if rule.name not in settings.without_rules]


def problems_of_rules(settings: FarmSettings) -> Iterator[Problem]:
    """What is wrong with a farm's own rules."""
    known = {rule.name for rule in (*settings.rules, *RULES)}
    for place, name in enumerate(settings.without_rules):
        if name not in known:
            sentence = f'There is no rule "{shown(name)}"; there are {", ".join(sorted(known))}.'
            yield Problem(f"without_rules[{place}]", sentence)
    for place, rule in enumerate(settings.rules):
        try:
            if re.compile(rule.pattern).search(""):
                sentence = f'Every line meets the pattern "{shown(rule.pattern)}" of rule "{shown(rule.name)}".'
                yield Problem(f"rules[{place}].pattern", sentence)
        except (re.error, OverflowError, RecursionError) as error:
            sentence = f'The pattern "{shown(rule.pattern)}" of rule "{rule.name}" cannot be read: {error}.'
            yield Problem(f"rules[{place}].pattern", sentence)
