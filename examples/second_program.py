#!/usr/bin/env python3
"""Hands in a job, follows it, shows the end of its log, and has it tried again.  Written from docs/api.md alone."""

import json
import sys
from urllib.request import Request, urlopen
from uuid import uuid4

FARM = (sys.argv[1:] or ["http://localhost:8080"])[0].rstrip("/") + "/api/v1"
OVER = ("completed", "failed", "canceled")
SCRIPT = 'if mkdir "$1"; then echo "no licence"; exit 3; fi; rmdir "$1"; echo "a licence"'  # the first time it fails
TASK = {"command": "sh", "args": ["-c", SCRIPT, "sh", f"/tmp/second-program-{uuid4()}"]}
STEP = {"name": "Ask", "script": {"actions": {"onRun": TASK}}}
TEMPLATE = {"specificationVersion": "jobtemplate-2023-09", "name": "second program", "steps": [STEP]}


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return urlopen(Request(FARM + path, data, {"Content-Type": "application/json"}), timeout=60)


def followed(number):
    with ask(f"/events?kind=job&filter=id={number}") as stream:
        job = json.load(ask(f"/jobs/{number}"))  # as the stream is open, nothing is missed from here on
        for line in stream:
            if job["state"] in OVER:
                return job
            if line.startswith(b"data: "):  # it is further, or the stream begins anew
                job = json.load(ask(f"/jobs/{number}"))
    return followed(number)  # the server has ended the stream


job = followed(json.load(ask("/jobs", {"template": TEMPLATE, "settings": {"tries": 1}}))["id"])
for again in (True, False):
    end = ask(f"/jobs/{job['id']}/log?tail=150").read().decode()
    print(f"Job {job['id']} is {job['state']}. Its log ends with:\n{end}")
    if again and job["state"] == "failed":
        ask(f"/jobs/{job['id']}/retry", {})
        job = followed(job["id"])
