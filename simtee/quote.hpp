// SPDX-License-Identifier: Apache-2.0
// Builds TDX quotes of version 4 with a TD 1.0 body (specs/tdx.md 2), by the field table of evidence/.
#pragma once

#include "evidence/event_log.hpp"
#include "simtee/vendor.hpp"

namespace lumoz::simtee {

/// The measurements of a TD that stay as they are while it runs.
struct TdIdentity {
    Digest384 mr_td;
    Digest384 mr_config_id;
};

/// A whole quote over `report_data`, signed in every step.
[[nodiscard]] Bytes make_quote(const Vendor& vendor, const TdIdentity& td, const evidence::Rtmrs& rtmr,
                               const ReportData& report_data);

}  // namespace lumoz::simtee
