# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The suites of scripts/test. Each is a function; `step` runs it, times it and notes a failure that no case explains.
# Needs common.sh, packages.sh, npm.sh, python.sh, engine.sh, model.sh, prepare.sh, background.sh and build.sh.

# suites_begin MODE: empties the results and sets what test programs read from the environment.
suites_begin() {
    suites_mode="$1"
    suites_folder="$LUMOZ_ROOT/build/test"
    mkdir -p "$suites_folder"
    suites_results="$suites_folder/results"
    : >"$suites_results"
    step_status=0
    export LUMOZ_RESULTS="$suites_results"
    export LUMOZ_VECTORS="${LUMOZ_VECTORS:-$LUMOZ_ROOT/../shared/vectors}"
    if [[ "$suites_mode" == full ]]; then export LUMOZ_FULL=1; else unset LUMOZ_FULL; fi
    local symbolizer=/usr/bin/llvm-symbolizer-19
    export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:external_symbolizer_path=$symbolizer"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:external_symbolizer_path=$symbolizer"
    export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:external_symbolizer_path=$symbolizer"
}

# suites_end: prints the count as last line and ends the script.
suites_end() {
    background_stop_all
    exec /usr/bin/python3 "$LUMOZ_ROOT/scripts/lib/results.py" total "$suites_results"
}

results() { /usr/bin/python3 "$LUMOZ_ROOT/scripts/lib/results.py" "$@"; }

# step NAME FUNCTION…: runs it and says how long it took. Its failure does not end the script.
step() {
    local name="$1" start=$SECONDS failed_before failed_after
    shift
    say "$name"
    failed_before="$(grep -c '^fail ' "$suites_results" || true)"
    set +e
    (
        trap - EXIT INT TERM HUP
        set -e
        "$@"
    )
    step_status=$?
    set -e
    failed_after="$(grep -c '^fail ' "$suites_results" || true)"
    if ((step_status != 0 && failed_before == failed_after)); then
        printf 'fail step:%s\n' "$name" >>"$suites_results"
    fi
    if ((step_status == 0)); then
        note "$name: $(seconds_since "$start") s"
    else
        note "$name: FAILED after $(seconds_since "$start") s"
    fi
}

# step_failed: true if the last step failed.
step_failed() { ((step_status != 0)); }

# test_targets PRESET SUFFIX: the build's targets whose name ends so, configuring the preset if needed.
test_targets() {
    [[ -f "$LUMOZ_ROOT/build/$1/build.ninja" ]] || (cd "$LUMOZ_ROOT" && cmake --preset "$1" >/dev/null)
    ninja -C "$LUMOZ_ROOT/build/$1" -t targets all |
        sed -n "/^cmake_/d; s/^\([a-z0-9_]*_$2\): phony\$/\1/p" | sort -u
}

# programs_in FOLDER PATTERN: executables, sorted.
programs_in() {
    [[ -d "$1" ]] || return 0
    find "$1" -maxdepth 1 -type f -executable -name "$2" | sort
}

suite_check() { "$LUMOZ_ROOT/scripts/check"; }

# suite_unit PRESET [NAME…]: GoogleTest programs of a build, all or the named ones.
suite_unit() {
    local preset="$1" programs
    shift
    if (($#)); then
        programs=("${@/#/$LUMOZ_ROOT/build/$preset/tests/}")
    else
        mapfile -t programs < <(programs_in "$LUMOZ_ROOT/build/$preset/tests" '*_test')
    fi
    ((${#programs[@]})) || die "build/$preset/tests holds no test program"
    LUMOZ_BIN="$LUMOZ_ROOT/build/$preset/bin" results gtest "$preset" "$suites_results" "${programs[@]}"
}

# suite_ctest PRESET: the build's other tests, constant time under valgrind among them.
suite_ctest() { results ctest "$1" "$suites_results" "$LUMOZ_ROOT/build/$1"; }

# suite_replay PRESET: every fuzz target over its committed corpus.
suite_replay() {
    local programs
    mapfile -t programs < <(programs_in "$LUMOZ_ROOT/build/$1/fuzz" '*_fuzz')
    if ((${#programs[@]})); then
        results replay "$1" "$suites_results" "$LUMOZ_ROOT/fuzz/corpus" "${programs[@]}"
    fi
}

# vector_suites: manifest below LUMOZ_VECTORS, then the suites of it that this version must pass.
vector_suites() {
    cat <<'TEXT'
api/MANIFEST.json report_data attestation_query signature_text signature_verify keys http_errors jcs aci_keyset aci_receipt aci_attestation_query tinfoil_key_binding_v2 tinfoil_report_data_v3 tinfoil_bundle_v2 dstack_report dstack_report_edits multipart_hash compose_manager_hash aci_serving_constraints anthropic_translation
standards/MANIFEST.json oms_root
tdx/MANIFEST.json verify policy parse eventlog-json eventlog-ccel
TEXT
}

# suite_vectors PRESET: the runner of vector manifests; each manifest is one test here, the runner prints its own count.
suite_vectors() {
    local manifest kinds kind options status=0 log="$suites_folder/vectors.log"
    local -x LUMOZ_BIN="$LUMOZ_ROOT/build/$1/bin"
    while read -r manifest kinds; do
        if [[ ! -f "$LUMOZ_VECTORS/$manifest" ]]; then
            printf '  skip %s: it is not at %s (set LUMOZ_VECTORS)\n' "$manifest" "$LUMOZ_VECTORS"
            printf 'skip vectors:%s\n' "$manifest" >>"$suites_results"
            continue
        fi
        options=()
        for kind in $kinds; do options+=(--kind "$kind"); done
        if "$LUMOZ_BIN/lumoz-vectors" "$LUMOZ_VECTORS/$manifest" "${options[@]}" >"$log" 2>&1 </dev/null; then
            printf '  pass %s (%s)\n' "$manifest" "$(tail -n 1 "$log")"
            printf 'pass vectors:%s\n' "$manifest" >>"$suites_results"
        else
            status=1
            printf 'FAIL %s\n' "$manifest"
            tail -n 60 "$log"
            printf 'fail vectors:%s\n' "$manifest" >>"$suites_results"
        fi
    done < <(vector_suites)
    return "$status"
}

# suite_flips PRESET [EVERY]: every byte of the genuine evidence bent, cut, extended; nothing may be accepted.
suite_flips() {
    local preset="$1" status=0 log="$suites_folder/flips-$1.log"
    shift
    "$LUMOZ_ROOT/build/$preset/tests/flip_campaign" "$@" >"$log" 2>&1 </dev/null || status=$?
    case "$status" in
        0) printf 'pass flips:%s\n' "$preset" >>"$suites_results" && sed -n '/^document/,/^all/p' "$log" ;;
        77) printf 'skip flips:%s\n' "$preset" >>"$suites_results" && tail -n 1 "$log" && status=0 ;;
        *) printf 'fail flips:%s\n' "$preset" >>"$suites_results" && tail -n 60 "$log" ;;
    esac
    return "$status"
}

# suite_integration PRESET: real processes on loopback. A file *_test.py is a unittest module, any other executable one
# test (exit code 77: skipped). They find programs and tools in LUMOZ_BIN, LUMOZ_ENGINE, LUMOZ_MODEL, LUMOZ_PYTHON (with
# the pinned PyPI packages), LUMOZ_NODE (Node 22), NODE_PATH (the pinned npm packages), LUMOZ_VECTORS; LUMOZ_FULL=1 asks
# for long campaigns whole.
suite_integration() {
    local preset="$1" file status=0 limit=1500
    [[ "$suites_mode" == full ]] && limit=14400
    local -x LUMOZ_ENGINE LUMOZ_MODEL LUMOZ_BIN LUMOZ_NODE LUMOZ_PYTHON NODE_PATH
    LUMOZ_BIN="$LUMOZ_ROOT/build/$preset/bin"
    LUMOZ_ENGINE="$(engine_ensure)"
    LUMOZ_MODEL="$(model_ensure)"
    LUMOZ_PYTHON="$(python_ensure)"
    LUMOZ_NODE="$(node22)"
    NODE_PATH="$(node_modules)"
    for file in "$LUMOZ_ROOT"/tests/integration/*; do
        [[ -f "$file" && -x "$file" && "$file" != *.py || "$file" == *_test.py ]] || continue
        if [[ "$file" == *.py ]]; then
            timeout --kill-after=30 "$limit" "$LUMOZ_PYTHON" "$LUMOZ_ROOT/scripts/lib/results.py" \
                unittest integration "$suites_results" "$file" || status=1
        else
            results program integration "$suites_results" "$file" || status=1
        fi
    done
    return "$status"
}

# suite_tree: checks on the tree and on the release build.
suite_tree() { results unittest tree "$suites_results" "$LUMOZ_ROOT"/tests/tree/*_test.py; }

# suite_mutants: mutation testing of src/verify and src/evidence: a sample of a minute, with --full every mutant.
suite_mutants() {
    local tool="$LUMOZ_ROOT/tests/mutation/mutate.py" options=(--seconds 50) log="$suites_folder/mutants.log" verdict=pass
    [[ "$suites_mode" == full ]] && options=(--report "$suites_folder/mutation-report.md")
    if [[ ! -d "$LUMOZ_VECTORS" ]]; then
        printf 'skip mutants:all\n' >>"$suites_results"
        note "mutants: skipped, the vectors are not at $LUMOZ_VECTORS"
        return 0
    fi
    /usr/bin/python3 "$tool" prepare
    build_preset mutants evidence_test verify_test mutation_vectors
    /usr/bin/python3 "$tool" run "${options[@]}" >"$log" 2>&1 || verdict=fail
    tail -n 60 "$log"
    printf '%s mutants:all\n' "$verdict" >>"$suites_results"
    [[ "$verdict" == pass ]]
}

suite_core_gcc() {
    build_preset core-gcc
    suite_unit core-gcc
}

# suite_asan: the fuzz targets are built with it; their corpora run when suite_fuzz loads them.
suite_asan() {
    local targets
    mapfile -t targets < <(test_targets asan test && test_targets asan fuzz)
    build_preset asan "${targets[@]}" flip_campaign
    local status=0
    suite_unit asan || status=1
    LUMOZ_FULL='' suite_flips asan 31 || status=1
    return "$status"
}

# suite_tsan: the layers that have threads.
suite_tsan() {
    local targets
    mapfile -t targets < <(test_targets tsan test | grep -E '^(tee|net|engine|store|receipt|identity|gateway|collateral|capi)_test$')
    ((${#targets[@]})) || return 0
    build_preset tsan "${targets[@]}"
    suite_unit tsan "${targets[@]}"
}

fuzz_one() {
    local target="$1" seconds="$2" name new log
    name="$(basename "$target" _fuzz)"
    new="$suites_folder/fuzz/$name"
    log="$new.log"
    mkdir -p "$new" "$LUMOZ_ROOT/fuzz/corpus/$name"
    if "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$new.crash-" "$new" "$LUMOZ_ROOT/fuzz/corpus/$name" >"$log" 2>&1 && ! grep -q 'Is the code instrumented' "$log"; then
        printf 'pass fuzz:%s\n' "$name" >>"$suites_results"
        printf '  pass %s (%s executions)\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        printf 'fail fuzz:%s\n' "$name" >>"$suites_results"
        printf 'FAIL %s; the input is %s, the log:\n' "$name" "$new.crash-*"
        tail -n 40 "$log"
        return 1
    fi
}

# fuzz_seconds TARGET SECONDS: readers of evidence have half a minute at least.
fuzz_seconds() {
    case "$1" in
        quote_fuzz | pck_fuzz | crl_fuzz | tcb_info_fuzz | qe_identity_fuzz | ccel_fuzz | event_log_fuzz | policy_fuzz)
            printf '%s\n' "$(($2 > 30 ? $2 : 30))" ;;
        *) printf '%s\n' "$2" ;;
    esac
}

# suite_fuzz: every target of the build of suite_asan for a bounded time; what it finds anew stays in build/test/fuzz for the next run.
suite_fuzz() {
    local targets seconds=5 status=0 running=0 target
    [[ "$suites_mode" == full ]] && seconds=300
    mapfile -t targets < <(test_targets asan fuzz)
    ((${#targets[@]})) || return 0
    build_preset asan "${targets[@]}"
    for target in "${targets[@]}"; do
        fuzz_one "$LUMOZ_ROOT/build/asan/fuzz/$target" "$(fuzz_seconds "$target" "$seconds")" &
        running=$((running + 1))
        if ((running >= $(nproc))); then
            wait -n || status=1
            running=$((running - 1))
        fi
    done
    while ((running > 0)); do
        wait -n || status=1
        running=$((running - 1))
    done
    return "$status"
}
