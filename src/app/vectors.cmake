# SPDX-License-Identifier: Apache-2.0
# lumoz-vectors: runs vector manifests.
add_library(lumoz_vector_suites STATIC
    process/child.cpp process/temp_dir.cpp
    vectors/aci.cpp vectors/check.cpp vectors/event_logs.cpp vectors/hpke_key.cpp vectors/live.cpp
    vectors/forms.cpp vectors/oms.cpp vectors/primitives.cpp vectors/report_edits.cpp vectors/reports.cpp vectors/runner.cpp vectors/service_suites.cpp
    vectors/signing.cpp vectors/tdx.cpp vectors/translation.cpp)
target_link_libraries(lumoz_vector_suites PUBLIC lumoz_flags lumoz_cli lumoz_receipt lumoz_translate)
lumoz_program(lumoz-vectors SOURCES vectors_main.cpp LIBS lumoz_vector_suites)
lumoz_test(app
    SOURCES cli/chat_test.cpp cli/quote_sections_test.cpp cli/trust_test.cpp output/files_test.cpp output/report_test.cpp
            process/child_test.cpp vectors/hpke_key_test.cpp vectors/runner_test.cpp
    LIBS lumoz_vector_suites)
