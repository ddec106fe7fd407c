#!/usr/bin/env bash
# All there is to measure on a GPU, in a clone with `pip install -e '.[gpu]'` done, on a machine that has one:
#
#   bench/gpu.sh [FILE [OPTION...]]
#
# verifies the rows on the GPU, and NumPy's, and then measures them side by side. FILE is the results file,
# reports/out/gpu.json by default, beside which lies the report; a run that FILE holds unfinished is gone on
# with. The options, such as --processes 2, go to a new `zeroloop run`; one that is gone on with keeps its own.
set -euo pipefail
out=$(realpath -m "${1:-"$(dirname "$0")/../reports/out/gpu.json"}")
shift $(($# > 0))
cd "$(dirname "$0")/.."

read -ra names < <(
  python - <<'EOF'
from impls import registry
from impls.kernels import cuda_device

if why := cuda_device.why_none():
    raise SystemExit(f"no CUDA device: {why}")
print(*(record.name for record in registry.RECORDS if record.device == "cuda"), "numpy_zero_loop")
EOF
) || exit 1
rows=("${names[@]/#/--impl=}")

small=(1x1 breast_cancer 17x1001 1025x4097 two_features)
for dtype in float32 float64; do
  zeroloop verify "${rows[@]}" "${small[@]/#/--problem=}" --dtype "$dtype"
done

if [ -e "$out" ]; then
  exec zeroloop run --resume "$out"
fi
large=(higgs large 1000x1000000)
run=(run "${rows[@]}" "${large[@]/#/--problem=}" --dtype float32)
if zeroloop "${run[@]}" --dtype float64 --dry-run &>/dev/null; then
  run+=(--dtype float64) # where the largest takes 8 GB, and a row's copy as much again
fi
exec zeroloop "${run[@]}" -o "$out" "$@"
