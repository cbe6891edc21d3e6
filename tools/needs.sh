#!/bin/sh
# Checks that tools are installed, and installs those that are not:
#
#     tools/needs.sh TOOL...
#
# It prints the commands before it runs them. With PORTCULLIS_NO_INSTALL=1 it names what is missing,
# installs nothing and fails. Tools that go into target/ (Envoy, binaryen) are not its business.
set -eu

present() {
    case $1 in
        cargo | cc | certutil | make | node | npm | python3 | setpriv | wrk) command -v "$1" >/dev/null ;;
        chromium) test -x "${PORTCULLIS_CHROMIUM:-/usr/bin/chromium}" ;;
        postgres) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
        venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        rustfmt) cargo fmt --version >/dev/null 2>&1 ;;
        clippy) cargo clippy --version >/dev/null 2>&1 ;;
        rust-target@*) test -d "$(rustc --print target-libdir --target "${1#*@}" 2>/dev/null)" ;;
        cargo-deny@*) cargo deny --version 2>/dev/null | grep -qx "cargo-deny ${1#*@}" ;;
        *) echo "tools/needs.sh: unknown tool $1" >&2; exit 2 ;;
    esac
}

missing= packages= commands=
for tool; do
    ! present "$tool" || continue
    missing="$missing $tool"
    case $tool in
        chromium | make | wrk) packages="$packages $tool" ;;
        certutil) packages="$packages libnss3-tools" ;;
        postgres) packages="$packages postgresql" ;;
        setpriv) packages="$packages util-linux" ;;
        venv) packages="$packages python3-venv" ;;
        rustfmt | clippy) commands="$commands
rustup component add $tool" ;;
        rust-target@*) commands="$commands
rustup target add ${tool#*@}" ;;
        cargo-deny@*) commands="$commands
cargo install cargo-deny --version ${tool#*@} --locked --debug" ;;
        cargo) by_hand="${by_hand:-} Rust from https://rustup.rs;" ;;
        cc) by_hand="${by_hand:-} a C compiler (Debian: gcc libc6-dev);" ;;
        *) by_hand="${by_hand:-} $tool;" ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "missing:$missing" >&2
if [ -n "${by_hand:-}" ]; then
    echo "install yourself:${by_hand%;}" >&2
    exit 1
fi
if [ -n "$packages" ]; then
    command -v apt-get >/dev/null || {
        echo "there is no apt-get here: install these yourself (Debian's names:$packages)" >&2
        exit 1
    }
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo='sudo '
    commands="${sudo}apt-get update
${sudo}env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends$packages$commands"
fi
commands=$(echo "$commands" | sed '/^$/d')
if [ "${PORTCULLIS_NO_INSTALL:-0}" != 0 ]; then
    printf 'nothing is installed, because PORTCULLIS_NO_INSTALL is set; these commands would do it:\n%s\n' \
        "$commands" | sed '2,$s/^/  /' >&2
    exit 1
fi
printf 'these commands install it:\n%s\n' "$commands" | sed '2,$s/^/  /' >&2
sh -ec "$commands"
