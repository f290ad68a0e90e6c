#!/usr/bin/env bash
# Whole processes, each paired with its yardstick in turns: medians in milliseconds, the median of the paired ratios, and in
# brackets the quartiles. Usage: benches/processes.sh [PAIRS]
#
# Measures two programs: `static`, the published one (of packaging/build, or $STATIC), and `plain`, that of `cargo build
# --release` (or $PLAIN). Needs rustc, curl and openssl; uses secret-tool, gnome-keyring, dbus, oidc-agent, node, GNU time
# and jwt (of the crate jwt-cli) where they are. Everything happens in a directory of its own; no session of yours is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=${1:-100}
static=${STATIC:-} plain=${PLAIN:-}
if [[ -z $plain ]]; then
  cargo build --release --locked --quiet
  plain=$PWD/target/release/tidp
fi
if [[ -z $static ]]; then
  packaging/build "$(uname -m)-unknown-linux-musl" >&2
  static=$PWD/target/$(uname -m)-unknown-linux-musl/dist/tidp
fi
work=$(mktemp -d)
started=()
trap '((${#started[@]})) && kill "${started[@]}" 2>/dev/null; rm -rf "$work"' EXIT
# The yardstick, lean and ordinary: linked to glibc, optimised, stripped.
printf 'fn main() {}' >"$work/noop.rs"
rustc -O -C panic=abort -C strip=symbols -o "$work/noop" "$work/noop.rs"
rustc -O --edition 2024 -o "$work/pairs" benches/pairs.rs
# As they are installed: what the linker has written lies scattered in the page cache, which takes longer to map.
mkdir "$work/bin"
cp "$work/noop" "$work/bin/nothing"; cp "$static" "$work/bin/static"; cp "$plain" "$work/bin/plain"
noop=$work/bin/nothing static=$work/bin/static plain=$work/bin/plain
tidp=$static

mkdir -m 700 -p "$work"/{home,config,data,state,cache,run,locks}
export HOME=$work/home XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state \
  XDG_CACHE_HOME=$work/cache XDG_RUNTIME_DIR=$work/run TIDP_LOCK_DIR=$work/locks TZ=UTC \
  BROWSER="curl -sSLk --max-time 30 -o /dev/null -b ''"

# ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────────
# Runs a command and leaves the microseconds it took in `took`. One that fails ends the benchmark: it did not do the work
# that is timed.
timed() {
  local from=$EPOCHREALTIME
  "$@" </dev/null >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
  local to=$EPOCHREALTIME
  took=$((${to/./} - ${from/./}))
}

quartiles() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 3) / 4)], v[int((NR + 1) / 2)], v[int((3 * NR + 1) / 4)] }'; }

# row NAME PAIRS COMMAND… -- YARDSTICK…, each with $input as standard input
row() {
  local measured
  measured=$("$work/pairs" "$2" "${input:-/dev/null}" "${@:3}")
  print_row "$1" $measured
}

# The same for shell functions, whose time includes a fork.
row_of_functions() {
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
  print_row "$name" $(printf %s "$a" | quartiles) $(printf %s "$b" | quartiles) $(printf %s "$ratios" | quartiles)
}

print_row() { # NAME, then the quartiles of ours, of theirs (microseconds) and of the ratios
  awk -v n="$1" -v x="$3" -v y="$6" -v l="$8" -v m="$9" -v h="${10}" \
    'BEGIN { printf "| %s | %.2f | %.2f | %.2f [%.2f–%.2f] |\n", n, x / 1000, y / 1000, m, l, h }'
}

at_once() { # N COMMAND…: N of them at the same time, waited for
  local children=() count=$1
  shift
  for ((n = 0; n < count; n++)); do "$@" & children+=($!); done
  for child in "${children[@]}"; do wait "$child" || return; done
}

# A refresh that is due, asked for by 64 at once: against twice a refresh by one and the spawning of 64. Due it is half a
# minute before the token's end, which is three seconds after the last refresh. What is compared follows one rest, in turns.
due_for_many() { # PAIRS
  local due=("$tidp" token) a='' b='' ratios='' one spawning many
  for ((i = 0; i < $1; i++)); do
    sleep 3.2; timed "${due[@]}"; one=$took
    sleep 3.2
    ((i % 2)) || { timed at_once 64 "$noop"; spawning=$took; }
    timed at_once 64 "${due[@]}"; many=$took
    ((i % 2)) && { timed at_once 64 "$noop"; spawning=$took; }
    a+="$many"$'\n' b+="$((2 * one + spawning))"$'\n'
    ratios+="$(awk -v x="$many" -v y="$((2 * one + spawning))" 'BEGIN { printf "%.3f", x / y }')"$'\n'
  done
  print_row '64 × refresh at once, one-time refresh tokens : 2 × one refresh + 64 × nothing' \
    $(printf %s "$a" | quartiles) $(printf %s "$b" | quartiles) $(printf %s "$ratios" | quartiles)
}

# ── a provider, a session ───────────────────────────────────────────────────────────────────────────────────────────
mkfifo "$work/ready"
# Both leave their answer in `issuer`.
sandbox() { # REFRESH_TOKENS ACCESS_TOKEN_LIFETIME
  "$tidp" sandbox --json --auto-approve --port 0 --refresh-tokens "$1" --access-token-lifetime "$2" \
    >"$work/ready" 2>/dev/null &
  started+=($!)
  read -r line <"$work/ready"
  issuer=$(sed 's/.*"issuer":"\([^"]*\)".*/\1/' <<<"$line")
}
https_provider() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/ca.pem" -days 2 -subj /CN=bench \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE 2>/dev/null
  node benches/https.mjs "$work/ca.pem" "$work/key.pem" >"$work/ready" &
  started+=($!)
  read -r issuer <"$work/ready"
}
profile() { # NAME ISSUER CLIENT_ID CLIENT_TYPE [LINE]
  printf '[profile.%s]\nissuer = "%s"\nclient_id = "%s"\nclient_type = "%s"\n%s\n' "$@" '' | head -5 \
    >>"$work/config/tidp/config.toml"
  "$tidp" login --quiet --profile "$1" 2>/dev/null
}
refresh_token_of() { # CLIENT_ID
  sed -n 's/.*\\"state\\":\\"held\\",\\"value\\":\\"\([^\\]*\).*/\1/p' $(grep -l "$1" "$work"/data/tidp/sessions/*.json)
}

mkdir -p "$work/config/tidp"
printf 'default_profile = "work"\n\n' >"$work/config/tidp/config.toml"
export TIDP_STORE=plaintext-file
sandbox rotate 33s
profile once "$issuer" sandbox-web PublicWithRefresh
sandbox reuse 1h
profile work "$issuer" sandbox-mobile MobileApp
"$tidp" token >"$work/token"
refresh_token=$(refresh_token_of sandbox-mobile)

for program in "$static" "$plain"; do
  echo "${program##*/}: $("$program" --version), $(stat -c %s "$program") bytes"
done
printf '\n| what | tidp, ms | yardstick, ms | ratio |\n|---|---|---|---|\n'
row 'static: cached token : a program that does nothing' "$pairs" "$static" token -- "$noop"
row 'plain: cached token : a program that does nothing' "$pairs" "$plain" token -- "$noop"
if command -v oidc-agent oidc-gen oidc-token >/dev/null; then
  # It knows no client without a secret.
  TIDP_CLIENT_SECRET=sandbox-secret profile agent "$issuer" sandbox-confidential Confidential
  mkdir -m 700 "$work/config/oidc-agent"
  eval "$(oidc-agent)" >/dev/null
  started+=("$OIDCD_PID")
  oidc-gen agent --iss="$issuer" --client-id=sandbox-confidential --client-secret=sandbox-secret --scope=offline_access \
    --redirect-uri=http://localhost:8765/callback --rt="$(refresh_token_of sandbox-confidential)" --pw-cmd='echo bench' \
    --prompt=none --confirm-yes --no-url-call </dev/null >/dev/null 2>&1
  row 'static: cached token : `oidc-token`, from its agent' "$pairs" "$static" token -- oidc-token agent
  row 'plain: cached token : `oidc-token`, from its agent' "$pairs" "$plain" token -- oidc-token agent
fi
if command -v jwt >/dev/null; then
  input=$work/token row 'decode of one token : `jwt decode`' "$pairs" "$tidp" decode --json - -- jwt decode --json -
fi
row_of_functions '64 × cached token at once : 64 × nothing' 10 at_once 64 "$tidp" token -- at_once 64 "$noop"
TIDP_PROFILE=once due_for_many 20
export TIDP_ACCESS_TOKEN_CACHE=off TIDP_STORE=file TIDP_STORE_KEY_FILE=$work/store.key
(umask 077 && openssl rand -base64 32 >"$TIDP_STORE_KEY_FILE")
"$tidp" login --quiet 2>/dev/null
row 'token from the sealed file : a program that does nothing' "$pairs" "$tidp" token -- "$noop"
row 'refresh over http, static : plain' "$pairs" "$static" refresh --force -- "$plain" refresh --force
row 'refresh over http : `curl` with the same POST' "$pairs" "$tidp" refresh --force -- \
  curl -fsS -o "$work/answer" -d grant_type=refresh_token -d client_id=sandbox-mobile \
  --data-urlencode "refresh_token=$refresh_token" "$issuer/connect/token"
if command -v node >/dev/null; then
  work_issuer=$issuer
  https_provider
  profile tls "$issuer" bench MobileApp "ca_file = \"$work/ca.pem\""
  row 'refresh over https : `curl` with the same POST' "$pairs" "$tidp" refresh --force --profile tls -- \
    curl -fsS --cacert "$work/ca.pem" -o "$work/answer" -d grant_type=refresh_token -d client_id=bench \
    -d refresh_token=the-same-for-ever "$issuer/token"
  issuer=$work_issuer
fi
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
  row 'refresh, session in the Secret Service : in the sealed file' "$pairs" "$tidp" refresh --force -- \
    TIDP_STORE=file "$tidp" refresh --force
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
# Both programs in turns.
streams() { # NAME ARGUMENTS…
  local ratios='' a b
  for _ in 1 2 3 4 5; do
    a=$(per_second taskset -c 0 "$static" "${@:2}") b=$(per_second taskset -c 0 "$plain" "${@:2}")
    ratios+="$((100 * a / b))"$'\n'
  done
  read -r low middle high < <(printf %s "$ratios" | quartiles)
  echo "* $1, one core: static $a tokens/s, plain $b; static : plain $middle % [$low–$high]"
}
echo
streams 'decode --json' decode --json
streams 'decode --jwks (RS256, 2048 bits)' decode --json --jwks "$work/jwks.json"
echo "* decode --json, $(nproc) cores: $(per_second "$tidp" decode --json) tokens/s"
for cores in 1 "$(nproc)"; do
  ratios=''
  for _ in 1 2 3; do
    openssl=$(taskset -c "0-$((cores - 1))" openssl speed -seconds 1 -multi "$cores" rsa2048 2>/dev/null | awk '/rsa 2048/ { print int($NF) }')
    verified=$(per_second taskset -c "0-$((cores - 1))" "$tidp" decode --json --jwks "$work/jwks.json")
    ratios+="$((100 * verified / openssl))"$'\n'
  done
  read -r low middle high < <(printf %s "$ratios" | quartiles)
  echo "* decode --jwks, cores: $cores: $verified tokens/s, $middle % [$low–$high] of the verifications of \`openssl speed\`"
done

# ── memory ──────────────────────────────────────────────────────────────────────────────────────────────────────────
if [[ -x /usr/bin/time ]]; then
  memory() { # PROGRAM ARGUMENTS…: MB at most
    /usr/bin/time -f %M "$@" 2>&1 >/dev/null <"$work/tokens" | tail -1 | awk '{ printf "%.1f", $1 / 1024 }'
  }
  for program in "$static" "$plain"; do
    echo "* memory, ${program##*/}: cached token $(TIDP_ACCESS_TOKEN_CACHE=on TIDP_STORE=plaintext-file memory "$program" token) MB," \
      "refresh $(memory "$program" refresh --force), decode of 100,000 tokens $(memory "$program" decode --json)"
  done
fi
