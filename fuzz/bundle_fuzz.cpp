// SPDX-License-Identifier: Apache-2.0
// Bundles: none is accepted without a signature, and each verdict is one JSON document.
#include "fuzz.hpp"
#include "verify/bundle.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace verify = lumoz::verify;
    verify::ReportDemand demand;
    demand.now = 1'800'000'000;
    const verify::Verdict got = verify::verify_bundle(lumoz::as_text({data, size}), demand);
    hold(!got.accepted());
    hold(lumoz::json::Document::parse(got.to_json(), {.max_bytes = std::size_t{64} << 20, .max_depth = 64})
             .has_value());
    return 0;
}
