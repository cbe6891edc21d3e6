#!/bin/sh
# Runs a command with PORTCULLIS_TEST_POSTGRES_URL. The URL names a PostgreSQL server that lives as
# long as the command, has its own data, and listens on a Unix socket only.
set -eu

# By path: Debian puts the server's programs beside the ones that are on the PATH.
bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/initdb" ] || { echo 'no initdb in /usr/lib/postgresql/*/bin' >&2; exit 1; }

# The server refuses to run as root.
as() { "$@"; }
user=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
    as() { setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"; }
    user=postgres
fi

# Not under target/: the server's user may not have access to its parents, and the name of a socket
# must be short.
home=$(mktemp -d)
chown "$user" "$home"
cd "$home"
stop() {
    status=$?
    [ ! -e data/postmaster.pid ] || as "$bin/pg_ctl" --pgdata=data --mode=immediate stop >/dev/null
    [ "$status" -eq 0 ] || tail -n 50 "$home/log" >&2 || true
    cd /
    rm -rf "$home"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM

as "$bin/initdb" --pgdata=data --username=portcullis --auth=trust --no-sync >initdb.log 2>&1 ||
    { cat initdb.log >&2; exit 1; }
# The data ends with the command, so nothing waits for a disk. A test has a pool of connections of
# its own, or two: many more than the usual 100 in all.
as "$bin/pg_ctl" --pgdata=data --log=log --wait --options="-k $home -c listen_addresses= \
-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=800" start >/dev/null

cd "$OLDPWD"
PORTCULLIS_TEST_POSTGRES_URL="postgres://portcullis@$(printf %s "$home" | sed 's,/,%2F,g')" "$@"
