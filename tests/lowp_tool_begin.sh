# What tests of the tool `lowp` begin with: an empty scratch folder, and expect and fail, which count failures.
# usage: . lowp_tool_begin.sh, with the arguments <program> <scratch folder> <source directory>
set -u
program=$1
scratch=$2
source=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 1
failures=0

# expect <status> <text> <argument>…: the program's exit status, and a text in what it prints
expect() {
  status=$1
  text=$2
  shift 2
  "$program" "$@" >output 2>&1
  actual=$?
  if [ "$actual" -ne "$status" ] || ! grep -q -e "$text" output; then
    echo "lowp $*: status $actual, expected $status and \"$text\" in:"
    head -n 20 output
    failures=$((failures + 1))
  fi
}
fail() {
  echo "$1"
  failures=$((failures + 1))
}
