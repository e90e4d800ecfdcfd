// SPDX-License-Identifier: Apache-2.0
// TCB info (specification tdx.md 4.4, 4.6): what Intel says about the patch levels of a platform family.
// Strict: a member of another type, out of range or missing is an error, never a default.
#pragma once

#include "evidence/pck.hpp"

namespace lumoz::evidence {

/// Platform, module and QE statuses; the last two only come from appraisal.
enum class TcbStatus : std::uint8_t {
    UpToDate,
    SWHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSWHardeningNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
    Revoked,
    TDRelaunchAdvised,
    TDRelaunchAdvisedConfigurationNeeded,
};
[[nodiscard]] std::string_view to_text(TcbStatus status);
/// Any of the nine words; nothing otherwise.
[[nodiscard]] std::optional<TcbStatus> tcb_status_from(std::string_view text);

/// What a component is, in the words of the document; either may be empty.
struct ComponentLabel {
    std::string category;
    std::string type;
    bool operator==(const ComponentLabel&) const = default;
};

struct TcbComponent {
    std::uint8_t svn = 0;
    std::uint32_t label = 0;  ///< index in TcbInfo::labels
};

struct TcbLevel {
    std::array<TcbComponent, 16> sgx;
    std::array<TcbComponent, 16> tdx;  ///< zeros for SGX
    std::uint16_t pcesvn = 0;
    std::int64_t tcb_date = 0;
    TcbStatus status = TcbStatus::Revoked;
    std::vector<std::string> advisories;
};

/// Level of a module or of a QE.
struct IsvLevel {
    std::uint16_t isvsvn = 0;
    std::int64_t tcb_date = 0;
    TcbStatus status = TcbStatus::Revoked;
    std::vector<std::string> advisories;
};

using MrSignerSeam = Digest384;
using SeamAttributes = FixedBytes<struct SeamAttributesTag, 8>;

struct TdxModule {
    MrSignerSeam mr_signer;
    SeamAttributes attributes;
    SeamAttributes mask;
};

struct TdxModuleIdentity {
    std::uint8_t major = 0;
    TdxModule module;
    std::vector<IsvLevel> levels;  ///< highest isvsvn first
};

struct TcbInfo {
    bool tdx = false;           ///< id
    std::uint32_t version = 0;  ///< 3, or 2 for stored SGX collateral
    std::int64_t issue_date = 0;
    std::int64_t next_update = 0;
    Fmspc fmspc;
    PceId pceid;
    std::uint32_t evaluation_number = 0;
    std::optional<TdxModule> module;
    std::vector<TdxModuleIdentity> module_identities;
    std::vector<TcbLevel> levels;                          ///< highest first, whatever the order in the file
    std::vector<ComponentLabel> labels{ComponentLabel{}};  ///< [0] is the empty one

    [[nodiscard]] const ComponentLabel& label(const TcbComponent& component) const {
        return labels[component.label];
    }

    /// `E_TCBINFO_PARSE`, or `E_TCB_UNRECOGNIZED` for a status word that is not known, used or not.
    static Result<TcbInfo> parse(std::string_view text);
};

}  // namespace lumoz::evidence
