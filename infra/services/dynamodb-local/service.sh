#!/usr/bin/env bash
# Functions for a script that keeps services running until it is told to stop. To be sourced.
#
# Every service is a job in a process group of its own: Ctrl-C reaches the script alone, which then ends its services
# in order. Where the kernel can do it (Linux), a service also gets SIGTERM when the script is killed outright.

# fail MESSAGE...: says what went wrong and ends the script.
fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# usage_error MESSAGE...: refuses the command line.
usage_error() {
  printf "%s: %s; see '%s --help'\n" "${0##*/}" "$*" "$0" >&2
  exit 2
}

# need COMMAND...: ends the script when a command is missing, and says how to have it.
need() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || fail "$command is missing: $(how_to_have "$command")"
  done
}

how_to_have() {
  case $1 in
    busybox) echo "where no registry answers, the functions' image is made of it (Debian: apt-get install busybox-static)" ;;
    docker | dockerd | iptables) echo "install Docker (Debian: apt-get install docker.io iptables)" ;;
    go) echo "install Go (https://go.dev/doc/install)" ;;
    java) echo "install a Java runtime, 17 or later (Debian: apt-get install default-jre-headless)" ;;
    mvn) echo "install Maven, which fetches DynamoDB Local (Debian: apt-get install maven)" ;;
    sam) echo "install SAM CLI (in a Python virtual environment: pip install --no-deps -r infra/services/sam-local/requirements.txt)" ;;
    *) echo "install it (Debian: apt-get install $1)" ;;
  esac
}

# check_port NUMBER: refuses what is not a TCP port.
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

# await SECONDS PID COMMAND...: waits until the command succeeds. Fails when the process ends first or time is up.
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

# stop PID: ends what launch started. Kills what is left of its process group then, or after 30 seconds. An empty PID is
# nothing to do.
stop() {
  [[ -n $1 ]] || return 0
  if kill -s TERM "$1" 2>/dev/null; then
    await 30 $$ ended "$1" || true
  fi
  kill -s KILL -- "-$1" 2>/dev/null || true
}

# stop_with_stdin: sends this script SIGTERM when its standard input ends, so that it does not outlive who started it.
stop_with_stdin() {
  # shellcheck disable=SC2016 # $PPID is the inner shell's: this script.
  launch bash -c 'while read -r; do :; done; kill -s TERM "$PPID"'
}

# on_stop_exit CODES: a stop signal ends the script; "signal" gives the usual 130 or 143, "success" gives 0.
on_stop_exit() {
  case $1 in
    signal)
      trap 'exit 130' INT
      trap 'exit 143' TERM HUP
      ;;
    success) trap 'exit 0' INT TERM HUP ;;
  esac
}

# listens PORT: whether anything accepts connections on 127.0.0.1:PORT.
listens() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# answers PORT: whether 127.0.0.1:PORT speaks HTTP, whatever the status.
answers() (
  { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || exit 1
  printf 'GET / HTTP/1.0\r\n\r\n' >&3
  IFS= read -r -t 5 line <&3 && [[ $line == HTTP/* ]]
)

# free_port: prints a port that nothing listens on, below the range from which systems give ports to clients.
free_port() {
  local port
  while port=$((10000 + RANDOM % 20000)) && listens "$port"; do :; done
  echo "$port"
}
