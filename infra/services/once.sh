#!/usr/bin/env bash
# A function for a script that installs libraries. To be sourced.

# once CACHE NAME FILE: runs install_NAME with the new folder CACHE/NAME, unless that was done for the same content of FILE.
once() {
  local folder=$1/$2 sum
  sum=$(cksum <"$3")
  [[ $(cat "$folder/complete" 2>/dev/null) != "$sum" ]] || return 0
  rm -rf "$folder"
  mkdir -p "$folder"
  "install_$2" "$folder"
  echo "$sum" >"$folder/complete"
}
