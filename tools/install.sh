#!/bin/sh
# Installs what was built:
#
#     tools/install.sh CONTROL MODULE PREFIX
#
# PREFIX/bin/portcullis-control looks for the filter in PREFIX/share/portcullis.
set -eu

control=$1 module=$2 prefix=$3

for file in "$control" "$module"; do
    [ -f "$file" ] || {
        echo "$file is missing: run \`make release\` first, as a user who has Rust" >&2
        exit 1
    }
done

share=$prefix/share
doc=$share/doc/portcullis

install -D -m 755 "$control" "$prefix/bin/portcullis-control"
install -D -m 644 "$module" "$share/portcullis/portcullis.wasm"

# In the same folders as here, so that links between them lead somewhere.
for file in README.md CHANGELOG.md SECURITY.md CONTRIBUTING.md LICENSE docs/* benches/README.md envoy/bootstrap.yaml; do
    [ ! -f "$file" ] || install -D -m 644 "$file" "$doc/$file"
done

# What a command of the program prints, if it has that command.
print() {
    target=$1
    shift
    text=$("$control" "$@" 2>/dev/null) && [ -n "$text" ] || return 0
    install -d "$(dirname "$target")"
    printf '%s\n' "$text" >"$target"
    chmod 644 "$target"
}
install -d "$share/man/man1"
"$control" man "$share/man/man1" >/dev/null
print "$share/bash-completion/completions/portcullis-control" completions bash
print "$share/zsh/site-functions/_portcullis-control" completions zsh
print "$share/fish/vendor_completions.d/portcullis-control.fish" completions fish

echo "installed $prefix/bin/portcullis-control and $share/portcullis/portcullis.wasm"
