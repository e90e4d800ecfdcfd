# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What scripts/demo shows: the main job from start to proof, then three forgeries. Programs, engine and model are
# there already. Needs common.sh, background.sh and service.sh; the caller has called background_trap.

demo_prompt="${LUMOZ_DEMO_PROMPT:-In one sentence: what is the capital of France, and what is it known for?}"
demo_step=0

# demo_title TEXT: one numbered heading, on stdout with what belongs under it.
demo_title() {
    demo_step=$((demo_step + 1))
    printf '\n%s%d. %s%s\n\n' "$bold" "$demo_step" "$*" "$plain"
}

# demo_line NAME VALUE: one aligned line.
demo_line() { printf '  %-16s %s\n' "$1" "$2"; }

# demo_trust: the arguments that every verification gets: what may run, and the simulator's root by name.
demo_trust() { printf '%s\n' --policy "$service_folder/tee/policy.json" --root-spki "$service_root"; }

# lumoz ARGUMENT…: the verifying program; it knows the service's folder only by the files named to it.
demo_lumoz() {
    local trust
    mapfile -t trust < <(demo_trust)
    "$service_bin/lumoz" "$@" "${trust[@]}"
}

# demo_show_parts: what takes part, by hash.
demo_show_parts() {
    demo_title "What takes part (SHA-256)"
    local program
    for program in lumozd lumoz lumoz-simtee; do
        demo_line "$program" "$(sha256_of "$service_bin/$program")"
    done
    demo_line llama-server "$(sha256_of "$service_engine")"
    demo_line "model file" "$(sha256_of "$service_model")"
    demo_line "model root" "$("$service_bin/lumoz" model root "$service_model" | head -n 1 | cut -d' ' -f1)"
    printf '\n  %s\n' "The model root is the identity of OpenSSF Model Signing: it is in the evidence and in every receipt."
}

demo_start() {
    demo_title "The service starts in a SIMULATED TEE"
    service_start_tee
    demo_line simulator "process $(background_pid simtee), the root of its evidence is ${service_root:0:16}… (SIMULATED)"
    service_write_config
    service_start
    demo_line lumozd "process $(background_pid lumozd), ready at $service_url, keys born in locked memory"
    demo_line engine "llama-server, started and watched by lumozd on a Unix socket of its own"
}

# demo_verify: keys and quote, every rule counted.
demo_verify() {
    demo_title "A separate program verifies the evidence: quote, keys, model, configuration"
    demo_lumoz verify "$service_url" || die "the service was not verified"
}

demo_ask() {
    demo_title "A question; the answer streams, then its signatures and its receipt are checked"
    printf '  %s\n\n' "$demo_prompt"
    demo_lumoz ask "$service_url" "$demo_prompt" --model "$service_model_name" --stream --max-tokens 96 \
        --save "$service_folder/saved" || die "the answer was not verified"
}

# demo_number NAME: a number of the saved verdict, 0 when it is not there.
demo_number() {
    local value
    value="$(sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$service_folder/saved/verdict.json")"
    printf '%s' "${value:-0}"
}

# demo_times: what the proof cost beside what the model took.
demo_times() {
    demo_title "Time of the proof beside the time of the model"
    awk -v answer="$(demo_number answer_ms)" -v held="$(demo_number held_for_receipt_ms)" \
        -v evidence="$(demo_number evidence_verification_ms)" -v fetch="$(demo_number proof_fetch_ms)" \
        -v check="$(demo_number answer_verification_ms)" 'BEGIN {
            line = "  %10.2f ms  %s\n"
            printf line, answer - held, "the model answers"
            printf line, held, "the last byte waits: hashes, three signatures, receipt durable on disk"
            printf line, fetch, "the reader fetches both signatures and the receipt"
            printf line, evidence + check, "the reader verifies quote, collateral, keys, signatures, receipt"
            if (answer > held) printf "\n  All of the proof together is %.2f %% of the time of the model.\n", 100 * (held + fetch + evidence + check) / (answer - held)
        }'
}

# demo_refused CODE COMMAND…: the command must refuse with exit code 10 and this reason.
demo_refused() {
    local code="$1" output status=0
    shift
    output="$("$@" 2>&1)" || status=$?
    if ((status != 10)) || ! grep -q "$code" <<<"$output"; then
        printf '%s\n' "$output"
        die "this forgery should have been refused with $code, the exit code was $status"
    fi
    head -n 1 <<<"$output" | sed 's/^/  /'
    grep -A 1 -m 1 '^  FAIL  [a-z0-9_]*\.' <<<"$output" || true
}

demo_saved_answer() {
    local saved="$service_folder/saved"
    demo_lumoz verify answer --request "$saved/request.bin" --response "${1:-$saved/response.bin}" \
        --proof "${2:-$saved/proof.json}" --report "$saved/report.json" --brief
}

# demo_quote: the quote of that evidence alone, and how its registers came to be.
demo_quote() {
    local report="$service_folder/saved/report.json"
    demo_title "The quote alone: platform, patch levels, and its event log register by register"
    demo_lumoz verify quote "$report" --collateral "$report" --event-log "$report" --brief --explain || die "the quote was not verified"
}

demo_attack_answer() {
    local forged="$service_folder/forged.bin" found text offset LC_ALL=C
    demo_title "Forgery: one byte of the answer is changed"
    cp "$service_folder/saved/response.bin" "$forged"
    # The last letter of the first text in the answer: offset of the match and its length.
    found="$(grep -abo -m 1 '"content":"[^"]*[A-Za-z]' "$forged" | head -n 1)"
    text="${found#*:}"
    offset=$((${found%%:*} + ${#text} - 1))
    printf '#' | dd of="$forged" bs=1 seek="$offset" conv=notrunc status=none
    printf '  byte %d of the saved answer, "%s", is now "#"\n\n' "$offset" "${text: -1}"
    demo_refused E_RESPONSE_HASH demo_saved_answer "$forged"
}

demo_attack_replay() {
    local nonce
    nonce="$(openssl rand -hex 32)"
    demo_title "Forgery: an old report is shown to somebody who asked with another nonce"
    printf '  the reader sent nonce %s…\n\n' "${nonce:0:16}"
    demo_refused E_NONCE_MISMATCH demo_lumoz verify report "$service_folder/saved/report.json" --nonce "$nonce" --brief
}

# A good signature over the right bytes, by a key that the quote does not know.
demo_attack_key() {
    local folder="$service_folder/forger" saved="$service_folder/saved" text public signature
    demo_title "Forgery: the answer is signed by a key that is not in the quote"
    mkdir -p "$folder"
    openssl genpkey -algorithm ed25519 -out "$folder/key.pem" 2>/dev/null
    text="$(sha256_of "$saved/request.bin"):$(sha256_of "$saved/response.bin")"
    printf '%s' "$text" >"$folder/text"
    openssl pkeyutl -sign -rawin -inkey "$folder/key.pem" -in "$folder/text" -out "$folder/signature"
    public="$(openssl pkey -in "$folder/key.pem" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n')"
    signature="$(od -An -v -tx1 <"$folder/signature" | tr -d ' \n')"
    printf '{"signatures":[{"text":"%s","signature":"%s","signing_address":"%s","signing_algo":"ed25519"}]}\n' \
        "$text" "$signature" "$public" >"$folder/proof.json"
    printf '  the forger'"'"'s key is %s…, its signature over the unchanged answer is good\n\n' "${public:0:16}"
    demo_refused E_SIGNER_UNKNOWN demo_saved_answer "$saved/response.bin" "$folder/proof.json"
}

# demo_run FOLDER BIN ENGINE MODEL: starts everything and shows the main job.
demo_run() {
    service_begin "$@"
    demo_show_parts
    demo_start
    demo_verify
    demo_ask
    demo_times
    demo_quote
    demo_attack_answer
    demo_attack_replay
    demo_attack_key
    printf '\n%s%s%s\n' "$bold" "The answer was verified, three forgeries were refused. The TEE was SIMULATED: on real hardware the same" "$plain"
    printf '%s%s%s\n' "$bold" "programs run unchanged, and the verdict says so by the vendor's root instead of the simulator's." "$plain"
}

# demo_how_to_use: for --keep.
demo_how_to_use() {
    local trust
    trust="$(demo_trust | tr '\n' ' ')"
    demo_title "The service is left running"
    demo_line address "$service_url"
    demo_line folder "$service_folder"
    demo_line verify "$service_bin/lumoz verify $service_url $trust"
    demo_line ask "$service_bin/lumoz ask $service_url 'Your question' --stream $trust"
    demo_line openai "OPENAI_BASE_URL=$service_url/v1, any key, model $service_model_name"
    demo_line "to stop" "kill $(background_pid lumozd) $(background_pid simtee); rm -r $service_folder"
}
