# shellcheck shell=bash
# The services of the distributed system, in the order in which they are stopped: first what lets work in.
# shellcheck disable=SC2034 # read by up and down
services=(ingest api router scheduler worker logs)
