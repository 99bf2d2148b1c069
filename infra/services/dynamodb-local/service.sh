#!/usr/bin/env bash
# Functions for a script that keeps services running until it is told to stop. To be sourced.
#
# Every service is a job in a separate process group: Ctrl-C reaches only the script, which then stops its services in order. On Linux,
# a service also gets SIGTERM when the script is killed.

# fail MESSAGE...: prints the message and ends the script.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# usage_error MESSAGE...: prints the message and ends the script with the exit code 2.
usage_error() {
  printf "%s: %s; see '%s --help'\n" "${0##*/}" "$*" "$0" >&2
  exit 2
}

# need COMMAND...: ends the script if a command is missing, and prints how to install it.
need() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || fail "$command is missing: $(how_to_install "$command")"
  done
}

how_to_install() {
  case $1 in
    busybox) echo "install busybox, of which the functions' image is made (Debian: apt-get install busybox-static)" ;;
    docker | dockerd | iptables) echo "install Docker (Debian: apt-get install docker.io iptables)" ;;
    go) echo "install Go (https://go.dev/doc/install)" ;;
    java) echo "install a Java runtime, 17 or later (Debian: apt-get install default-jre-headless)" ;;
    mvn) echo "install Maven, which fetches Java libraries (Debian: apt-get install maven)" ;;
    sam) echo "install SAM CLI (in a Python virtual environment: pip install --no-deps -r infra/services/sam-local/requirements.txt)" ;;
    *) echo "install it (Debian: apt-get install $1)" ;;
  esac
}

# check_port NUMBER: ends the script unless the number is a TCP port.
check_port() {
  if ! [[ $1 =~ ^[1-9][0-9]{0,4}$ ]] || (($1 > 65535)); then
    usage_error "'$1' is not a port"
  fi
}

# launch COMMAND...: starts the command in the background; $! is its process id, and that of its process group.
launch() {
  local tie=()
  if command -v setpriv >/dev/null; then
    tie=(setpriv --pdeathsig TERM --)
  fi
  set -m
  ${tie[@]+"${tie[@]}"} "$@" &
  set +m
}

alive() {
  [[ -n $1 ]] && kill -0 "$1" 2>/dev/null
}

ended() {
  ! alive "$1"
}

# await SECONDS PID COMMAND...: waits until the command succeeds. Fails if the process ends first or the time is up.
await() {
  local deadline=$((SECONDS + $1)) pid=$2
  shift 2
  until "$@"; do
    if ended "$pid"; then
      "$@"
      return
    fi
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# stop PID: stops a process that launch started, with SIGTERM, and kills the rest of its process group when it has ended or after 30
# seconds. Does nothing if PID is empty.
stop() {
  [[ -n $1 ]] || return 0
  if kill -s TERM "$1" 2>/dev/null; then
    await 30 $$ ended "$1" || true
  fi
  kill -s KILL -- "-$1" 2>/dev/null || true
}

# stop_with_stdin: sends this script SIGTERM when its standard input ends, so that it does not outlive the process that started it.
stop_with_stdin() {
  # shellcheck disable=SC2016 # $PPID is the inner shell's: this script.
  launch bash -c 'while read -r; do :; done; kill -s TERM "$PPID"'
}

# on_stop_exit CODES: a stop signal ends the script with the usual exit code 130 or 143 if CODES is "signal", and with 0 if it is "success".
on_stop_exit() {
  case $1 in
    signal)
      trap 'exit 130' INT
      trap 'exit 143' TERM HUP
      ;;
    success) trap 'exit 0' INT TERM HUP ;;
  esac
}

# listens PORT: succeeds if a server accepts connections on 127.0.0.1:PORT.
listens() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# responds PORT: succeeds if a server on 127.0.0.1:PORT sends an HTTP response, with any status.
responds() (
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 1
  printf 'GET / HTTP/1.0\r\n\r\n' >&3
  IFS= read -r -t 5 line <&3 && [[ $line == HTTP/* ]]
)

# free_port: prints a port on which no server listens, below the range of ephemeral ports.
free_port() {
  local port
  while port=$((10000 + RANDOM % 20000)) && listens "$port"; do :; done
  echo "$port"
}

# The functions below share these variables with the script.
# shellcheck disable=SC2034 # the script uses them
port='' ready_file='' with_parent='' taken='' chosen='' child=''

# common_option ARGUMENT...: takes an option that several services have, sets the variable of its name, and sets taken to the number of
# its arguments. Fails if the first argument is not one.
# shellcheck disable=SC2034
common_option() {
  taken=2
  case $1 in
    --help)
      print_help
      exit
      ;;
    --port)
      check_port "${2-}"
      port=$2
      ;;
    --ready-file)
      [[ -n ${2-} ]] || usage_error "--ready-file needs a name"
      ready_file=$2
      ;;
    --with-parent)
      with_parent=yes
      taken=1
      ;;
    *) return 1 ;;
  esac
}

# serve_on_port NAME LAUNCH SECONDS LOG READY: calls the function LAUNCH with the port named or a free one until the command READY
# succeeds for that port. LAUNCH sets child, and serve_on_port chosen. Another process may take a free port before the service binds
# it: then it tries another.
serve_on_port() {
  local attempt
  if [[ -n $port ]] && listens "$port"; then
    fail "port $port is taken: choose another with --port, or omit --port"
  fi
  for ((attempt = 1; ; attempt++)); do
    chosen=${port:-$(free_port)}
    "$2" "$chosen"
    await "$3" "$child" "$5" "$chosen" && alive "$child" && return
    if [[ -z $port ]] && ((attempt < 5)) && grep -qi 'already in use\|EADDRINUSE\|BindException\|Failed to bind' "$4"; then
      continue
    fi
    tail -n 20 "$4" >&2
    fail "$1 did not start on port $chosen"
  done
}

# stay NAME URL LOG: prints the line that says that the service is ready, and waits for its end, which a stop signal brings.
stay() {
  on_stop_exit success
  echo "$1 $2"
  wait "$child" || true
  tail -n 20 "$3" >&2
  fail "$1 ended unexpectedly"
}
