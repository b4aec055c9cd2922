#!/bin/sh
# Installs what a job needs, then configures, builds and runs it:
#   sh cmake/bootstrap.sh report      the report on the trained model
#   sh cmake/bootstrap.sh test        the tests
# On Debian and its kin missing packages are installed with apt-get (as root or through sudo); elsewhere the
# script says what to install. Later runs need only: cmake --workflow --preset report|test
set -u

usage() {
  echo "usage: sh cmake/bootstrap.sh report|test" >&2
  exit 2
}

[ $# -eq 1 ] || usage
job=$1
packages="g++ cmake ninja-build libfmt-dev nlohmann-json3-dev"
needs="a C++20 compiler (GCC 12, Clang 14 or newer), CMake 3.25 or newer, Ninja, fmt, nlohmann-json"
case $job in
  report)
    packages="$packages libcli11-dev"
    needs="$needs, CLI11"
    ;;
  test)
    packages="$packages libcli11-dev catch2 libmpfr-dev libgmp-dev librandom123-dev"
    needs="$needs, CLI11, Catch2 (2.13 or 3), MPFR, GMP, Random123"
    ;;
  *) usage ;;
esac

cd -- "$(dirname -- "$0")/.." || exit 1

have() { command -v "$1" >/dev/null 2>&1; }
fail() {
  echo "bootstrap: $1" >&2
  exit 1
}

missing_packages() {
  for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || printf ' %s' "$package"
  done
}

# What stands in the way on a system that this script cannot prepare.
instructions="this job needs $needs"

if have apt-get && have dpkg-query; then
  missing=$(missing_packages)
  if [ -n "$missing" ]; then
    as_root=
    can_install=yes
    if [ "$(id -u)" -ne 0 ]; then
      if have sudo; then as_root=sudo; else can_install=no; fi
    fi
    if [ $can_install = yes ]; then
      echo "bootstrap: installing:$missing"
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update ||
        echo "bootstrap: the package lists could not be refreshed, going on with those at hand" >&2
      # shellcheck disable=SC2086  # a list of words
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends $missing </dev/null ||
        fail "apt-get could not install:$missing"
    else
      instructions="$instructions; as root: apt-get install$missing"
      echo "bootstrap: neither root nor sudo, nothing installed; $instructions" >&2
    fi
  else
    echo "bootstrap: every package is there: $packages"
  fi
else
  echo "bootstrap: no apt-get here, nothing installed; $instructions" >&2
fi

have cmake || fail "no cmake; $instructions"
have "${CXX:-c++}" || have g++ || have clang++ || fail "no C++ compiler; $instructions"
version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
[ "${version% *}" -gt 3 ] || { [ "${version% *}" -eq 3 ] && [ "${version#* }" -ge 25 ]; } ||
  fail "cmake is too old; $instructions"

cmake --preset "$job" || fail "the configure step failed; $instructions"
exec cmake --workflow --preset "$job"
