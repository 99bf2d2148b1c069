# shellcheck shell=bash
# The harnesses that look for what goes wrong under races, kills, faults and attacks. infra/verify/run runs each once, infra/verify/soak on and on.

# Each is a package of tests, infra/NAME, and this is how many rounds of it the verification runs.
declare -A rounds=([races]=24 [crash]=200 [faults]=20 [attack]=12)
# shellcheck disable=SC2034 # for those who source this
harnesses=(races crash faults attack)

# harness NAME LOG
harness() {
  PATS_ROUNDS=${PATS_ROUNDS:-${rounds[$1]}} go test -count=1 -v -timeout 20m "./infra/$1" >"$2" 2>&1
}

# figures_of LOG: the lines that harnesses print by figures.Print.
figures_of() {
  grep -oE 'FIGURE [a-z-]+: .*' "$1" || true
}

# add_up FILE: one line a subject, with the sum of each count.
add_up() {
  awk '
    /^FIGURE/ {
      if (!($2 in names)) order[++subjects] = $2
      for (i = 3; i <= NF; i++) {
        split($i, count, "=")
        if (!(($2, count[1]) in sum)) names[$2] = names[$2] " " count[1]
        sum[$2, count[1]] += count[2]
      }
    }
    END {
      for (s = 1; s <= subjects; s++) {
        line = "FIGURE " order[s]
        n = split(names[order[s]], each, " ")
        for (i = 1; i <= n; i++) line = line " " each[i] "=" sum[order[s], each[i]]
        print line
      }
    }' "$1"
}
