#!/bin/sh
# tools/needs.sh, on a PATH that has nothing but what this test puts there.
set -eu
cd "$(dirname "$0")/.."
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir "$home/bin"
for tool in sh sed env id rm; do ln -s "$(command -v "$tool")" "$home/bin/$tool"; done

# Sets `status` and `said`.
needs() {
    status=0
    said=$(env -i PATH="$home/bin" HOME="$home" PORTCULLIS_CHROMIUM="$home/bin/chromium" \
        PORTCULLIS_NO_INSTALL="$no_install" sh tools/needs.sh "$@" 2>&1) || status=$?
}
fail() {
    printf 'tools/needs.sh %s; status %s; it said:\n%s\n' "$1" "$status" "$said" >&2
    exit 1
}
says() {
    case $said in *"$1"*) ;; *) fail "did not say: $1" ;; esac
}

no_install=
needs wrk
[ "$status" -eq 1 ] || fail 'passed without apt-get'
says 'there is no apt-get here'

# An apt-get that installs what it is told to, and a sudo that lets it.
cat >"$home/bin/apt-get" <<END
#!/bin/sh
echo "apt-get \$*" >>"$home/apt.log"
case "\$*" in *wrk*) : >"$home/bin/wrk"; chmod +x "$home/bin/wrk" ;; esac
END
printf '#!/bin/sh\nexec "$@"\n' >"$home/bin/sudo"
chmod +x "$home/bin/apt-get" "$home/bin/sudo"
ln -s "$(command -v chmod)" "$home/bin/chmod"

no_install=1
needs chromium certutil wrk
[ "$status" -eq 1 ] || fail 'passed although tools are missing'
says 'missing: chromium certutil wrk'
says 'chromium libnss3-tools wrk'
[ ! -e "$home/apt.log" ] || fail 'installed in spite of PORTCULLIS_NO_INSTALL'

no_install=
needs wrk
[ "$status" -eq 0 ] || fail 'did not install'
says 'missing: wrk'
grep -q 'install.* wrk$' "$home/apt.log" || fail 'did not call apt-get'

no_install=1
needs wrk
[ "$status" -eq 0 ] && [ -z "$said" ] || fail 'is not content with what is there'

needs node
[ "$status" -eq 1 ] || fail 'passed without Node.js'
says 'install yourself: node'
