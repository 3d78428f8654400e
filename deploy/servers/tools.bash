# shellcheck shell=bash
# Where the servers' binaries are, for the scripts beside this file: reads the env.sh that `install` wrote.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=${FANFARE_TOOLS_DIR:-$repo/.dev/tools}

if [[ ! -r $tools/env.sh ]]; then
    echo "the servers are not installed in $tools: run deploy/servers/install" >&2
    exit 69 # EX_UNAVAILABLE
fi
# shellcheck source=/dev/null
source "$tools/env.sh"

# require_dir_and_port "$@": makes DIR, or fails with the usage.
require_dir_and_port() {
    if (( $# != 2 )) || [[ ! $2 =~ ^[0-9]+$ ]]; then
        echo "usage: deploy/servers/${0##*/} DIR PORT" >&2
        exit 64 # EX_USAGE
    fi
    mkdir -p "$1"
}
