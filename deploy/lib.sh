# Shared by the scripts beside it: what must be there, and how it gets there. Sourced, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cd "$root" || exit 1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Installs the Debian packages that are missing among its arguments; asks for nothing where all are there.
need_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get: ${missing[*]}"
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    say "installing: ${missing[*]}"
    "${sudo[@]}" apt-get update -qq || die "apt-get update failed"
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null || die "apt-get install failed: ${missing[*]}"
}

need_swift() {
    command -v swift >/dev/null || die "a Swift 6.3 toolchain is needed: https://www.swift.org/install"
    swift --version 2>/dev/null | grep -qE 'Swift version (6\.([3-9]|[1-9][0-9])|[7-9])' ||
        die "Swift 6.3 or later is needed, this is: $(swift --version 2>/dev/null | head -n 1)"
}

# What a build links against and what the service needs at run time.
build_packages=(libpq-dev libsodium-dev libssl-dev libcurl4-openssl-dev libxml2-dev pkg-config postgresql postgresql-client
    ca-certificates)
# What the other side of the tests, the demo and the benchmarks runs on.
peer_packages=(python3 python3-venv nginx-light openssl curl jq pgbouncer)

# A Python environment with the named PyPI packages (name==version), under .build so that it is never committed.
need_python() {
    local venv="$root/.build/venv"
    if [ ! -x "$venv/bin/pip" ]; then
        mkdir -p "$root/.build"
        python3 -m venv "$venv" || die "python3 -m venv failed"
    fi
    local stamp="$venv/.installed" wanted="$*"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        say "installing into the Python environment: $wanted"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" || die "pip install failed: $wanted"
        printf '%s' "$wanted" >"$stamp"
    fi
    export PATH="$venv/bin:$PATH"
}

python_peers=(mock-sap==0.22.0 nanoidp==3.4.0 odatapy==5.3.0)

# A free TCP port on loopback.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_http URL SECONDS: until it answers anything.
wait_http() {
    local url=$1 end=$((SECONDS + $2))
    until curl -s -o /dev/null --max-time 2 "$url"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}
