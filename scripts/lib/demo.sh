# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What scripts/demo shows. Needs common.sh, background.sh and service.sh.

demo_prompt='In one sentence: what is the capital of France?'

# demo_title TEXT: one heading of the demo, on stdout with what belongs under it.
demo_title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# demo_ask: one streamed question through the verifying client; request, response, proof and report are kept in saved/.
demo_ask() {
    "$service_bin/lumoz" ask "$service_url" "$demo_prompt" --model "$service_model_name" --stream \
        --policy "$service_folder/tee/policy.json" --root-spki "$service_root" --save "$service_folder/saved"
}

# demo_verify_answer: the same answer checked again from the saved files, by themselves.
demo_verify_answer() {
    local saved="$service_folder/saved"
    "$service_bin/lumoz" verify answer --request "$saved/request.bin" --response "$saved/response.bin" \
        --proof "$saved/proof.json" --report "$saved/report.json" \
        --policy "$service_folder/tee/policy.json" --root-spki "$service_root"
}

# demo_run FOLDER BIN ENGINE MODEL: starts the service and shows the main job.
demo_run() {
    service_begin "$@"
    demo_title "The service starts in a SIMULATED TEE"
    service_start_tee
    service_write_config
    service_start
    printf 'lumozd answers at %s; model %s\n' "$service_url" "$(sha256_of "$service_model")"
    demo_title "A question, asked through the verified path"
    demo_ask
    demo_title "The answer is checked again from the saved files"
    demo_verify_answer
}

# demo_how_to_use: for --keep.
demo_how_to_use() {
    demo_title "The service is left running"
    printf '%s\n' "address   $service_url" "folder    $service_folder" \
        "to stop   kill $(background_pid lumozd) $(background_pid simtee)"
}
