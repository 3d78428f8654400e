# shellcheck shell=bash
# Background processes by pid file, for the scripts that start and stop them. Linux: reads /proc.
# A pid file holds the process id and the process's start time, so that a number used anew is never signalled.

# start NAME DIR COMMAND…: runs COMMAND detached, with its output appended to DIR/NAME.log and DIR/NAME.pid written.
start() {
    local name=$1 dir=$2 pid
    shift 2
    setsid "$@" </dev/null >>"$dir/$name.log" 2>&1 &
    pid=$!
    echo "$pid $(start_time "$pid")" >"$dir/$name.pid"
}

# is_running NAME DIR
is_running() {
    local pid started
    [[ -r $2/$1.pid ]] || return 1
    read -r pid started <"$2/$1.pid"
    [[ -n $started && $(start_time "$pid") == "$started" ]]
}

# stop NAME DIR SIGNAL SECONDS: signals, waits, kills what is left after SECONDS.
stop() {
    local name=$1 dir=$2 pid ticks=$(( $4 * 10 ))
    if is_running "$name" "$dir"; then
        read -r pid _ <"$dir/$name.pid"
        kill -"$3" "$pid" || true
        while is_running "$name" "$dir" && (( ticks-- > 0 )); do sleep 0.1; done
        if is_running "$name" "$dir"; then
            echo "$name has not stopped in $4 s: killed" >&2
            kill -KILL "$pid" || true
        fi
    fi
    rm -f "$dir/$name.pid"
}

# wait_until_ready NAME DIR SECONDS CHECK…: until CHECK succeeds; fails with the log's end if the process ends first.
wait_until_ready() {
    local name=$1 dir=$2 ticks=$(( $3 * 10 ))
    shift 3
    until "$@" 2>/dev/null; do
        if ! is_running "$name" "$dir" || (( ticks-- == 0 )); then
            echo "$name is not ready; the end of $dir/$name.log:" >&2
            tail -n 20 "$dir/$name.log" >&2
            return 1
        fi
        sleep 0.1
    done
}

# start_time PID: in clock ticks since boot; nothing for a process that has ended.
start_time() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    read -ra fields <<<"${stat##*) }" # what follows the command's name, from the state on
    [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

# free_port FIRST: the first port from FIRST on that nothing on loopback answers at. Ports from 32768 on may already
# belong to an outgoing connection.
free_port() {
    local port
    for (( port = $1; port < 32768; port++ )); do
        answers "$port" || { echo "$port"; return; }
    done
    echo "no free port between $1 and 32767" >&2
    return 1
}

# answers PORT: whether something on loopback accepts a connection there.
answers() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
