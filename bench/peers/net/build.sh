#!/bin/sh
# Builds the load tool into a folder; without a compiler says what to install and fails.
# Usage: build.sh FOLDER
set -eu
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
if ! command -v gcc >/dev/null 2>&1 || ! echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1; then
  echo "the load tool needs gcc and the C library's headers (Debian and Ubuntu: sudo apt install gcc libc6-dev)" >&2
  exit 3
fi
gcc -O2 -Wall -Wextra -pthread "$source/nettool.c" -o "$1/nettool"
