// SPDX-License-Identifier: Apache-2.0
// Reports, stored evidence and proofs: no input without a signature is accepted, and each verdict is one JSON
// document.
#include "fuzz.hpp"
#include "verify/answer.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace verify = lumoz::verify;
    const lumoz::ByteView bytes(data, size);
    const std::string_view text = lumoz::as_text(bytes);
    verify::ReportDemand demand;
    demand.now = 1'800'000'000;
    demand.collateral.emplace();
    for (const verify::ReportVerdict& got :
         {verify::verify_report(text, demand), verify::verify_stored_evidence(text, "", demand)}) {
        hold(!got.report && !got.verdict.accepted());
        hold(lumoz::json::Document::parse(got.verdict.to_json()).has_value());
    }
    const verify::Verdict answer = verify::verify_answer(bytes, bytes, text, nullptr);
    hold(lumoz::json::Document::parse(answer.to_json()).has_value());
    return 0;
}
