// SPDX-License-Identifier: Apache-2.0
// One record of a binary CC log (specification tdx.md 11.1): its name, and whether the content that the log
// shows is what was measured. The digest of many types covers more than the shown data (a PE image, a
// firmware volume), so the check is per type.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::evidence {

struct CcEvent {
    unsigned index = 0;  ///< 1 to 4: RTMR0 to RTMR3; 0: MRTD, informational
    std::uint32_t type = 0;
    Digest384 digest;
    Bytes data;
    std::size_t offset = 0;  ///< of the record in the log
};

/// What a digest says about the content beside it.
enum class Content : std::uint8_t {
    Proven,    ///< recomputed from the content: it counts
    Partly,    ///< recomputed from the value; its label (a variable's name, a prefix) is not covered
    Unproven,  ///< covers something that the log does not show: the content is a label
    Differs,   ///< of a type whose digest is that of the content, and is not: the content is false
};
/// `proven`, `partly`, `unproven`, `differs`.
[[nodiscard]] std::string_view to_text(Content content);

/// Name of an event type (`EV_SEPARATOR`); empty when it is not known.
[[nodiscard]] std::string_view cc_type_name(std::uint32_t type);
[[nodiscard]] Content check_content(const CcEvent& event);
/// The readable part of the data: name of a variable, text of an action or a boot loader's command; empty
/// when there is none. At most 200 bytes of printable ASCII.
[[nodiscard]] std::string content_text(const CcEvent& event);

}  // namespace lumoz::evidence
