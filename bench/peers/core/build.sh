#!/bin/sh
# Builds the peers into a folder. What cannot be built is named on stderr with how to install it, and the others are built all the same.
# Usage: build.sh FOLDER
set -u
source=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
rm -f "$out/cnat" "$out/spin" "$out/ebpf" "$out/ct.bpf.o"

need() {
  echo "$1 is left out: $2 missing (Debian and Ubuntu: sudo apt install $3)" >&2
}
has_header() {
  echo "#include <$1>" | gcc -E -x c - >/dev/null 2>&1
}

if ! command -v gcc >/dev/null 2>&1 || ! has_header stdio.h; then
  need "The C peer" "gcc and the C library's headers are" "gcc libc6-dev"
  need "The eBPF peer" "gcc and the C library's headers are" "gcc libc6-dev clang libbpf-dev libelf-dev zlib1g-dev"
  exit 0
fi
gcc -O3 -march=native -fno-strict-aliasing -Wall -Wextra "$source/cnat.c" -o "$out/cnat"
gcc -O2 -Wall -Wextra "$source/spin.c" -o "$out/spin"

missing= packages=
command -v clang >/dev/null 2>&1 || { missing="clang" packages="clang"; }
for pair in bpf/libbpf.h:libbpf-dev libelf.h:libelf-dev zlib.h:zlib1g-dev; do
  has_header "${pair%%:*}" || { missing="${missing:+$missing, }${pair%%:*}" packages="$packages ${pair#*:}"; }
done
if [ -n "$missing" ]; then
  need "The eBPF peer" "$missing" "$packages"
  exit 0
fi
# The kernel's headers are in a folder of the machine's own name where a system has several architectures.
clang -O2 -g -target bpf -mcpu=v3 -I"/usr/include/$(gcc -print-multiarch)" -Wall -Wextra -c "$source/ct.bpf.c" -o "$out/ct.bpf.o" &&
  gcc -O2 -Wall -Wextra "$source/ebpf.c" -o "$out/ebpf" -lbpf -lelf -lz
