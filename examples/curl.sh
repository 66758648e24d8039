#!/bin/sh
# Lists, enables and disables clients of a farm with curl; prints what the server answers, which is JSON.
#
#     sh curl.sh list [FILTER]
#     sh curl.sh enable FILTER
#     sh curl.sh disable FILTER
#
# A filter is what the shell takes too: all, online, 'render-*', pool=gpu; docs/api.md tells more. The server is the one of
# BRENDER_SERVER, as in https://mara:PASSWORD@farm.example.org/farm, or else the one on this machine.
set -eu

server=${BRENDER_SERVER:-http://localhost:8080}
clients=${server%/}/api/v1/clients

# A text as it may stand in an address: each byte in hexadecimal.
encoded() {
    printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' '%'
}

ask() {
    curl --silent --show-error --fail-with-body --max-time 60 --globoff "$@"
}

set_status() {
    ask --request PATCH --header 'Content-Type: application/json' --data "{\"status\": \"$1\"}" \
        "$clients?filter=$(encoded "$2")"
}

case "$# ${1-}" in
    # With .json it is the whole list, not a page of it.
    '1 list') ask "$clients.json" ;;
    '2 list') ask "$clients.json?filter=$(encoded "$2")" ;;
    '2 enable') set_status enabled "$2" ;;
    '2 disable') set_status disabled "$2" ;;
    *)
        echo 'sh curl.sh list [FILTER] | enable FILTER | disable FILTER' >&2
        exit 2
        ;;
esac
