#!/usr/bin/env bash
# Whole processes, each paired with its yardstick in alternation: medians in milliseconds, the median of the paired
# ratios, and in brackets the quartiles. Usage: benches/processes.sh [PAIRS]
# Builds tidp (release, or $TIDP if set). Needs curl and openssl; uses secret-tool, gnome-keyring, dbus and oidc-token
# where they are. Everything happens in a directory of its own; no session of yours is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=${1:-60}
tidp=${TIDP:-}
if [[ -z $tidp ]]; then
  cargo build --release --locked --quiet
  tidp=$PWD/target/release/tidp
fi
work=$(mktemp -d)
started=()
trap '((${#started[@]})) && kill "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT
printf 'fn main() {}' >"$work/noop.rs"
rustc -O -C panic=abort -C strip=symbols -o "$work/noop" "$work/noop.rs"
noop=$work/noop

mkdir -m 700 -p "$work"/{home,config,data,state,cache,run,locks}
export HOME=$work/home XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state \
  XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work/run TIDP_LOCK_DIR=$work/locks TZ=UTC \
  BROWSER="curl -sSL --max-time 30 -o /dev/null -b ''"

# ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────────
# Runs a command and leaves the microseconds it took in `took`. One that fails ends the benchmark: it did not do the work
# that is timed. `fails COMMAND…` says that it may.
timed() {
  local from=$EPOCHREALTIME
  "$@" </dev/null >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
  local to=$EPOCHREALTIME
  took=$((${to/./} - ${from/./}))
}

fails() { "$@" || true; }

quartiles() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 3) / 4)], v[int((NR + 1) / 2)], v[int((3 * NR + 1) / 4)] }'; }

# row NAME PAIRS COMMAND… -- YARDSTICK…
row() {
  local name=$1 count=$2 ours=() theirs=() ratios='' a='' b='' x y
  shift 2
  while [[ $1 != -- ]]; do ours+=("$1"); shift; done
  theirs=("${@:2}")
  timed "${ours[@]}"; timed "${theirs[@]}"
  for ((i = 0; i < count; i++)); do
    if ((i % 2)); then
      timed "${ours[@]}"; x=$took; timed "${theirs[@]}"; y=$took
    else
      timed "${theirs[@]}"; y=$took; timed "${ours[@]}"; x=$took
    fi
    a+="$x"$'\n' b+="$y"$'\n'
    ratios+="$(awk -v x="$x" -v y="$y" 'BEGIN { printf "%.3f", x / y }')"$'\n'
  done
  read -r _ x _ < <(printf %s "$a" | quartiles)
  read -r _ y _ < <(printf %s "$b" | quartiles)
  read -r low middle high < <(printf %s "$ratios" | quartiles)
  awk -v n="$name" -v x="$x" -v y="$y" -v l="$low" -v m="$middle" -v h="$high" \
    'BEGIN { printf "| %s | %.2f | %.2f | %.2f [%.2f–%.2f] |\n", n, x / 1000, y / 1000, m, l, h }'
}

at_once() { # N COMMAND…: N of them at the same time, waited for
  local children=() count=$1
  shift
  for ((n = 0; n < count; n++)); do "$@" & children+=($!); done
  for child in "${children[@]}"; do wait "$child" || return; done
}

# ── a provider, a session ───────────────────────────────────────────────────────────────────────────────────────────
mkfifo "$work/ready"
"$tidp" sandbox --json --auto-approve --port 0 --refresh-tokens reuse >"$work/ready" 2>/dev/null &
started+=($!)
exec 9<"$work/ready"
read -r line <&9
issuer=$(sed 's/.*"issuer":"\([^"]*\)".*/\1/' <<<"$line")
mkdir -p "$work/config/tidp"
printf 'default_profile = "work"\n\n[profile.work]\nissuer = "%s"\nclient_id = "sandbox-mobile"\nclient_type = "MobileApp"\n' \
  "$issuer" >"$work/config/tidp/config.toml"
export TIDP_STORE=plaintext-file
"$tidp" login --quiet 2>/dev/null
"$tidp" token >"$work/token"
refresh_token=$(sed -n 's/.*\\"state\\":\\"held\\",\\"value\\":\\"\([^\\]*\).*/\1/p' "$work"/data/tidp/sessions/*.json)

printf '| what | tidp, ms | yardstick, ms | ratio |\n|---|---|---|---|\n'
row 'cached token : a program that does nothing' "$pairs" "$tidp" token -- "$noop"
if command -v oidc-token >/dev/null; then
  row 'cached token : `oidc-token` finding no agent, its cheapest end' "$pairs" "$tidp" token -- fails oidc-token work
fi
row '64 × cached token at once : 64 × nothing' 10 at_once 64 "$tidp" token -- at_once 64 "$noop"
export TIDP_ACCESS_TOKEN_CACHE=off
row 'token from the file store : a program that does nothing' "$pairs" "$tidp" token -- "$noop"
row 'refresh over http : `curl` with the same POST' "$pairs" "$tidp" refresh --force -- \
  curl -fsS -o "$work/answer" -d grant_type=refresh_token -d client_id=sandbox-mobile \
  --data-urlencode "refresh_token=$refresh_token" "$issuer/connect/token"
if command -v gnome-keyring-daemon dbus-daemon secret-tool >/dev/null; then
  unset TIDP_STORE
  exec 8< <(exec dbus-daemon --session --nofork --nopidfile --print-address=1)
  started+=($!)
  read -r DBUS_SESSION_BUS_ADDRESS <&8
  export DBUS_SESSION_BUS_ADDRESS
  (printf test | exec gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1) &
  for ((i = 0; i < 50; i++)); do
    dbus-send --session --dest=org.freedesktop.DBus --print-reply / org.freedesktop.DBus.NameHasOwner \
      string:org.freedesktop.secrets 2>/dev/null | grep -q true && break
    sleep 0.1
  done
  "$tidp" login --quiet 2>/dev/null
  user=$(secret-tool search --all service tidp 2>&1 | sed -n 's/^attribute.username = //p' | head -1)
  row 'token from the Secret Service : `secret-tool lookup`' "$pairs" "$tidp" token -- \
    secret-tool lookup service tidp username "$user"
  export TIDP_STORE=plaintext-file
fi

# ── a stream of tokens ──────────────────────────────────────────────────────────────────────────────────────────────
curl -fsS "$issuer/.well-known/openid-configuration/jwks" -o "$work/jwks.json"
yes "$(<"$work/token")" | head -100000 >"$work/tokens" || true
per_second() { # COMMAND…: tokens a second, best of three
  local best=999999999 from to
  for _ in 1 2 3; do
    from=$EPOCHREALTIME
    "$@" <"$work/tokens" >/dev/null
    to=$EPOCHREALTIME
    took=$((${to/./} - ${from/./}))
    ((took < best)) && best=$took
  done
  echo $((100000 * 1000000 / best))
}
echo
echo "decode --json, one core: $(per_second taskset -c 0 "$tidp" decode --json) tokens/s; $(nproc) cores: $(per_second "$tidp" decode --json)"
for cores in 1 "$(nproc)"; do
  ratios=''
  for _ in 1 2 3; do
    openssl=$(taskset -c "0-$((cores - 1))" openssl speed -seconds 1 -multi "$cores" rsa2048 2>/dev/null | awk '/rsa 2048/ { print int($NF) }')
    verified=$(per_second taskset -c "0-$((cores - 1))" "$tidp" decode --json --jwks "$work/jwks.json")
    ratios+="$((100 * verified / openssl))"$'\n'
  done
  read -r low middle high < <(printf %s "$ratios" | quartiles)
  echo "decode --jwks (RS256, 2048 bits), cores: $cores: $verified tokens/s, $middle % [$low–$high] of the verifications of \`openssl speed\`"
done
