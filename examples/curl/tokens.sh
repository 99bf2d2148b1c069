#!/usr/bin/env bash
# Lists the caller's tokens, creates one and deletes it.
set -euo pipefail

tokens=${PATS_URL:?the address of the API}/api/admin/user/tokens
: "${PATS_TOKEN:?a personal access token}"

# call METHOD URL [BODY]: prints the body of the response, or exits with its message. The token is not an argument, which others could see.
call() {
  local response
  response=$(curl --silent --show-error --location --write-out '\n%{http_code}' --request "$1" "$2" \
    --header 'Accept: application/json' --header 'Content-Type: application/json' --header @- \
    ${3:+--data "$3"} <<<"Authorization: $PATS_TOKEN")
  if ((${response##*$'\n'} >= 400)); then
    jq --raw-output .message <<<"${response%$'\n'*}" >&2
    exit 1
  fi
  echo "${response%$'\n'*}"
}

list=$(call GET "$tokens")
echo "tokens: $(jq '.pats | length' <<<"$list")"

tomorrow=$(jq --null-input --raw-output 'now + 86400 | todate')
created=$(call POST "$tokens" "$(jq --null-input --arg at "$tomorrow" '{description: "curl example", expiresAt: $at}')")
id=$(jq .id <<<"$created")
echo "created: $id" # the token itself is .secret, here and never again

call DELETE "$tokens/$id" >/dev/null
echo "deleted: $id"
