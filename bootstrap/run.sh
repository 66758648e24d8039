#!/bin/sh
# Runs the set-up with the first Python that can do it: 3.11 or newer, with venv.
# The one in .venv comes first, so that a second run is quick; then 3.11, for which Blender has a module.
# A PYTHON that is named (make demo PYTHON=python3.13) is the only one that is tried.
set -eu
cd "$(dirname "$0")/.."
export PYTHONDONTWRITEBYTECODE=1

fits='import sys; assert sys.version_info >= (3, 11); import venv, ensurepip'
seen=''
for python in ${PYTHON:-.venv/bin/python python3.11 python3.12 python3.13 python3.14 python3}; do
    if command -v "$python" >/dev/null 2>&1; then
        if "$python" -c "$fits" >/dev/null 2>&1; then
            exec "$python" -m bootstrap "$@"
        fi
        [ "$python" = .venv/bin/python ] || seen="$seen $python"
    fi
done

if [ -z "$seen" ]; then
    echo "brender needs Python 3.11 or newer; there is no Python on PATH." >&2
else
    echo "brender needs Python 3.11 or newer with its venv module; what is on PATH does not do:$seen." >&2
fi
echo "On Debian and Ubuntu: sudo apt-get install python3 python3-venv. Any other: make ... PYTHON=/path/to/python3" >&2
exit 1
