# SPDX-License-Identifier: Apache-2.0
# lumoz: the command line. Its commands are a library, so that tests and lumoz-vectors use the same code.
add_library(lumoz_cli STATIC
    cli/ask.cpp cli/attest.cpp cli/chat.cpp cli/collateral.cpp cli/live_evidence.cpp cli/quote_sections.cpp cli/service.cpp cli/show.cpp cli/trust.cpp
    cli/verify_answer.cpp cli/verify_bundle.cpp cli/verify_quote.cpp cli/verify_report.cpp cli/verify_url.cpp
    output/files.cpp output/report.cpp output/section.cpp output/style.cpp)
target_link_libraries(lumoz_cli PUBLIC lumoz_flags lumoz_verify lumoz_net lumoz_collateral lumoz_engine lumoz_tee)
lumoz_program(lumoz SOURCES lumoz_main.cpp LIBS lumoz_cli)
target_compile_definitions(lumoz PRIVATE LUMOZ_VERSION="${PROJECT_VERSION}")
