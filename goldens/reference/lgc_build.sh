#!/bin/sh
# Builds LocalGraphClustering's push and sweep from the C++ sources that its wheel carries, and our driver of them.
#
#   lgc_build.sh FOLDER [WHEEL]
#
# Without WHEEL pip downloads it. The library's own Makefile names no optimization; here both are built with -O3 and the
# compiler's default -march. Leaves FOLDER/lgc_driver.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
wheel=${2:-}
if [ -z "$wheel" ]; then
  "${PYTHON:-python3}" -m pip download --quiet --no-deps --dest "$folder" localgraphclustering==0.6.1
  wheel=$(ls "$folder"/localgraphclustering-0.6.1-*.whl)
fi
"${PYTHON:-python3}" -m zipfile -e "$wheel" "$folder/wheel"
library="$folder/wheel/localgraphclustering/src/lib"
flags="-O3 -std=c++11 -fPIC -w"
g++ $flags -shared -I"$library/include" "$library/aclpagerank.cpp" "$library/sweepcut.cpp" -o "$folder/liblgc.so"
g++ $flags -I"$library/include" "$here/lgc_driver.cpp" "$folder/liblgc.so" -Wl,-rpath,"$folder" -o "$folder/lgc_driver"
