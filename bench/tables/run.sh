#!/usr/bin/env bash
# Trains on every table of a folder DATA and of vega-datasets, and compares with scikit-learn: bench/tables/run.sh DATA RUNS
set -euo pipefail
data=$1 runs=$2 here=$(cd "$(dirname "$0")/../.." && pwd)
vega=$here/node_modules/vega-datasets/data
args=()
train() { # NAME FILE TARGET [OPTIONS...]
  local name=$1 file=$2 target=$3
  shift 3
  node "$here/bin/descent.mjs" train "$file" --target "$target" --output "$runs/$name" --quiet "$@"
  args+=("$name=$file=$runs/$name")
}
train penguins "$vega/penguins.json" Species
train horse-colic "$data/horse-colic.csv" 24
train german "$data/german.csv" -1
train pima "$data/pima-indians-diabetes.csv" -1
train winequality-white "$data/winequality-white.csv" -1
train abalone "$data/abalone.csv" -1
train daily-min-temperatures "$data/daily-min-temperatures.csv" Temp --time-column Date
train movies "$vega/movies.json" "IMDB Rating"
# Of 3 million rows, scikit-learn's forest would take days: both see a sample of 50,000.
mkdir -p "$runs"
node "$here/bench/tables/flights.mjs" "$vega/flights-3m.parquet" "$runs/flights.csv" 50000
train flights "$runs/flights.csv" delay
/usr/bin/python3 "$here/bench/tables/compare.py" "${args[@]}"
