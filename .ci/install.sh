#!/usr/bin/env bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=/dev/null
source "$root/infra/services/dynamodb-local/service.sh"

print_help() {
  cat <<'HELP'
Usage: .ci/install.sh

Installs what `make test`, `make lint` and `make verify` need besides Go and git, on Debian 12: Docker, Java, Maven, a C
compiler, shellcheck, strace, wrk, SAM CLI, cfn-lint, golangci-lint, gitleaks, schemathesis, DynamoDB Local, Keycloak, ministack, Unleash, PostgreSQL, Chromium,
axe-core, Lighthouse, the generators of OpenAPI clients, Apache with mod_oauth2 and other OAuth clients, and for the programs in examples/ jq, Node.js, PHP, Ruby and their libraries. Tools that are installed already stay as they are.

Debian's packages are installed system-wide, and need root. SAM CLI, cfn-lint, golangci-lint, gitleaks and schemathesis go to
~/.cache/pats, with links in .cache/bin; the Makefile finds them there, and `source .cache/env` puts them on a shell's PATH.
HELP
}

golangci_lint_version=v2.15.0
gitleaks_version=v8.30.1
tools=${XDG_CACHE_HOME:-$HOME/.cache}/pats
links=$root/.cache/bin

# missing_packages: prints the Debian packages of missing commands.
missing_packages() {
  local command package
  while read -r command package; do
    command -v "$command" >/dev/null || echo "$package"
  done <<'PACKAGES'
apache2 apache2-bin
cc gcc
cc libc6-dev
chromium chromium
curl curl
docker docker.io
dockerd docker.io
iptables iptables
java default-jre-headless
javac default-jdk-headless
jq jq
make make
mvn maven
node nodejs
npm npm
php php-cli
python3 python3-venv
ruby ruby
shellcheck shellcheck
strace strace
wrk wrk
PACKAGES
  php -r 'exit((int) !extension_loaded("curl"));' 2>/dev/null || echo php-curl
  python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
  compgen -G '/usr/share/fonts/truetype/dejavu/*' >/dev/null || echo fonts-dejavu-core
  [[ -e /usr/share/doc/busybox-static ]] || echo busybox-static
  [[ -e /usr/lib/apache2/modules/mod_oauth2.so ]] || echo libapache2-mod-oauth2
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages | sort -u)
  ((${#packages[@]})) || return 0
  command -v apt-get >/dev/null || fail "this script needs Debian; install these packages yourself: ${packages[*]}"
  ((EUID == 0)) || fail "run this as root to install ${packages[*]}"
  quietly apt-get -o DPkg::Lock::Timeout=120 update
  quietly env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
    install --yes --no-install-recommends "${packages[@]}"
}

quietly() {
  "$root/infra/services/quietly" "$@"
}

install_golangci_lint() {
  local bin=$tools/golangci-lint-$golangci_lint_version
  need go
  [[ -x $bin/golangci-lint ]] ||
    quietly env GOBIN="$bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci_lint_version"
  ln -sf "$bin/golangci-lint" "$links/"
}

install_gitleaks() {
  local bin=$tools/gitleaks-$gitleaks_version
  need go
  [[ -x $bin/gitleaks ]] ||
    quietly env GOBIN="$bin" go install "github.com/zricethezav/gitleaks/v8@$gitleaks_version"
  ln -sf "$bin/gitleaks" "$links/"
}

# install_python NAME REQUIREMENTS COMMAND ...: installs Python packages, and links their commands.
# A virtual environment cannot be moved into place once it is complete, so a file marks it as complete.
install_python() {
  local environment command
  environment=$tools/$1-$(cksum <"$2" | cut -d ' ' -f 1)
  if [[ ! -e $environment/complete ]]; then
    quietly python3 -m venv --clear "$environment"
    quietly "$environment/bin/pip" install --quiet --require-hashes --no-deps --requirement "$2"
    touch "$environment/complete"
  fi
  for command in "${@:3}"; do
    ln -sf "$environment/bin/$command" "$links/"
  done
}

tell_paths() {
  echo "export PATH='$links':\"\$PATH\"" >"$root/.cache/env"
  echo "PATH := $links:\$(PATH)" >"$root/.cache/env.mk"
}

case ${1-} in
  "") ;;
  --help)
    print_help
    exit
    ;;
  *) usage_error "unknown argument '$1'" ;;
esac

mkdir -p "$tools" "$links"
if command -v flock >/dev/null; then
  exec 9>"$tools/lock"
  flock 9
fi

jobs=()
finish() {
  trap '' INT TERM HUP
  for job in ${jobs[@]+"${jobs[@]}"}; do
    stop "$job"
  done
}
trap finish EXIT
on_stop_exit signal

# beside FUNCTION: runs the function in the background, in a separate process group.
beside() {
  set -m
  "$@" </dev/null &
  set +m
  jobs+=($!)
}

fetch_dynamodb_local() {
  "$root/infra/services/dynamodb-local/fetch" >/dev/null
}

fetch_ministack() {
  "$root/infra/services/ministack/fetch" >/dev/null
}

fetch_spring() {
  "$root/infra/services/jars" "$root/infra/contract/spring/pom.xml" spring >/dev/null
}

fetch_keycloak() {
  "$root/infra/services/keycloak/fetch" >/dev/null
}

fetch_unleash() {
  "$root/infra/services/unleash/fetch" >/dev/null
}

fetch_browser_packages() {
  "$root/infra/services/npm" "$root/infra/contract/browser" browser >/dev/null
}

fetch_cyclonedx() {
  quietly "$root/infra/static/supply/cyclonedx" version
}

beside install_golangci_lint
beside install_gitleaks
beside fetch_cyclonedx
install_packages
beside install_python sam "$root/infra/services/sam-local/requirements.txt" sam cfn-lint
beside install_python schemathesis "$root/infra/contract/openapi/requirements.txt" schemathesis
beside fetch_dynamodb_local
beside fetch_ministack
beside fetch_spring
beside fetch_keycloak
beside fetch_unleash
beside fetch_browser_packages
beside "$root/infra/contract/examples/install"
beside "$root/infra/contract/openapi/generators/install"
beside "$root/infra/contract/introspection/install"
for _ in "${jobs[@]}"; do
  wait -n
done
tell_paths
