# What ./run, ./test and bench/ share; source it. Says what it does, installs what is missing, builds.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ -t 2 ] && bold=$'\033[1m' red=$'\033[31m' green=$'\033[32m' dim=$'\033[2m' plain=$'\033[0m' || bold='' red='' green='' dim='' plain=''
say() { printf '%s\n' "${bold}$*${plain}" >&2; }
die() { printf '%s\n' "${red}$1${plain}" "${2:-}" >&2; exit 1; }

need_build="gcc libc6-dev meson ninja-build pkg-config python3 libmicrohttpd-dev libwslay-dev libsqlite3-dev libpq-dev libargon2-dev libssl-dev
  libcurl4-openssl-dev libarchive-dev libzstd-dev libsnappy-dev zlib1g-dev libseccomp-dev libstemmer-dev libcmocka-dev"
need_demo="nodejs make ca-certificates"
need_test="python3-jsonschema clang clang-format postgresql git curl mandoc sqlite3 iproute2 procps $need_demo"
need_full="prometheus influxdb-client python3-aiosmtpd python3-venv" # for the long tests

# The browser of the long tests. Ubuntu has no package of it (a snap does not see our folders): CHROMIUM may name another one.
browser() { local f; for f in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/google-chrome-stable; do [ -n "$f" ] && [ -x "$f" ] && return; done; return 1; }
need_browser() { browser || [ "$(. /etc/os-release; echo "$ID")" = ubuntu ] || echo chromium; }

# The web application is built with a Node that tools/node finds or fetches; npm fetches it and the libraries.
need_web() { command -v npm >/dev/null && command -v node >/dev/null || echo nodejs npm; }

# need_room FOLDER MB: ends here, in words, instead of somewhere in the middle of a compiler.
need_room() {
  local free; free=$(df -Pm "$1" | awk 'NR == 2 {print $4}')
  [ "${free:-0}" -ge "$2" ] || die "There are $free MB free in $1, $2 are needed." "Make room there$([ "$1" = "$root" ] || echo ", or set TMPDIR to a folder on another disk")."
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# install_packages NAME...: those of the list that are not there yet.
install_packages() {
  local missing=() p
  command -v apt-get >/dev/null || die "This needs Debian 12/13 or Ubuntu 24.04 (no apt-get here)." "On another system install: $*"
  for p; do [ "$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null)" = "install ok installed" ] || missing+=("$p"); done
  [ ${#missing[@]} = 0 ] && return
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "These packages are missing: ${missing[*]}" "Install them as root, or install sudo, then run this again."
  say "Installing ${#missing[@]} packages: ${missing[*]}"
  local log; log=$(mktemp)
  if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -15 "$log" >&2; die "The packages could not be installed." "The log is in $log. Check the network and the package sources, then run this again."
  fi
  rm -f "$log"
}

# The sanitizer runtime belongs to the clang version that the distribution chose.
clang_runtime() { apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev llvm-\1/p' | head -1; }

# The page before the program that carries it, so that the long first step says what it does.
build_web() { "$root/tools/build-web" || die "The web application was not built."; }

# build FOLDER [MESON OPTION...]: sets up once, then builds what changed.
build() {
  local dir=$root/$1 log; shift
  log=$(mktemp)
  [ -f "$dir/build.ninja" ] || meson setup "$dir" "$root" "$@" >"$log" 2>&1 || { tail -15 "$log" >&2; die "meson setup failed." "The log is in $log."; }
  if [ -t 2 ]; then ninja -C "$dir" 2>&1 | tee "$log" | sed -un 's/^\[\([0-9]*\/[0-9]*\)\].*/\r\1 /p' | tr -d '\n' >&2; printf '\r            \r' >&2
  else ninja -C "$dir" >"$log" 2>&1; fi
  if ! ninja -C "$dir" >>"$log" 2>&1; then grep -E -A8 'error:|FAILED' "$log" | head -60 >&2; die "The build failed."; fi
  rm -f "$log"
}
