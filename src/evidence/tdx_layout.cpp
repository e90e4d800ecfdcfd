// SPDX-License-Identifier: Apache-2.0
#include "evidence/tdx_layout.hpp"

#include <algorithm>

namespace lumoz::evidence {

namespace {

constexpr Field kHeader[] = {
    {"version", 0, 2, true},  {"att_key_type", 2, 2, true}, {"tee_type", 4, 4, true}, {"qe_svn", 8, 2, true},
    {"pce_svn", 10, 2, true}, {"qe_vendor_id", 12, 16},     {"user_data", 28, 20},
};

constexpr Field kSgx[] = {
    {"cpu_svn", 0, 16},        {"misc_select", 16, 4, true}, {"attributes", 48, 16},
    {"mr_enclave", 64, 32},    {"mr_signer", 128, 32},       {"isv_prod_id", 256, 2, true},
    {"isv_svn", 258, 2, true}, {"report_data", 320, 64},
};

// The longest TD body; shorter kinds have the fields that end inside them.
constexpr Field kTd[] = {
    {"tee_tcb_svn", 0, 16},       {"mr_seam", 16, 48},          {"mr_signer_seam", 64, 48},
    {"seam_attributes", 112, 8},  {"td_attributes", 120, 8},    {"xfam", 128, 8},
    {"mr_td", 136, 48},           {"mr_config_id", 184, 48},    {"mr_owner", 232, 48},
    {"mr_owner_config", 280, 48}, {"rtmr0", 328, 48},           {"rtmr1", 376, 48},
    {"rtmr2", 424, 48},           {"rtmr3", 472, 48},           {"report_data", 520, 64},
    {"tee_tcb_svn2", 584, 16},    {"mr_service_td", 600, 48},   {"vmid", 648, 1},
    {"td_id", 649, 32},           {"dev_info", 681, 48},        {"init_servtd_hash", 729, 48},
    {"init_servtd_attr", 777, 8}, {"init_cpu_svn", 785, 16},    {"init_tee_tcb_svn", 801, 16},
    {"init_fmspc", 817, 12},      {"cur_servtd_hash", 829, 48}, {"cur_servtd_attr", 877, 8},
};
constexpr TdAttribute kTdAttributes[] = {
    {0, "DEBUG"},
    {4, "HGS_PLUS_PROFILING"},
    {5, "PERFORMANCE_PROFILING"},
    {6, "POWER_TELEMETRY"},
    {16, "ICSSD"},
    {17, "SERVTD_EXT"},
    {27, "LASS"},
    {28, "SEPT_VE_DISABLE"},
    {29, "MIGRATABLE"},
    {30, "PKS"},
    {31, "KL"},
    {62, "TPA"},
    {63, "PERFMON"},
};
constexpr std::size_t kTd10Fields = 15;
constexpr std::size_t kTd15Fields = 17;
static_assert(kTd[kTd10Fields - 1].offset + kTd[kTd10Fields - 1].size == kTd10Size);
static_assert(kTd[kTd15Fields - 1].offset + kTd[kTd15Fields - 1].size == kTd15Size);

}  // namespace

std::span<const TdAttribute> td_attributes() {
    return kTdAttributes;
}

std::span<const Field> header_fields() {
    return kHeader;
}

std::span<const Field> body_fields(BodyKind kind) {
    const std::span<const Field> td(kTd);
    switch (kind) {
        case BodyKind::SgxReport:
            return kSgx;
        case BodyKind::Td10:
            return td.first(kTd10Fields);
        case BodyKind::Td15:
            return td.first(kTd15Fields);
        case BodyKind::Td15Extended:
            return td;
    }
    return {};
}

std::size_t body_size(BodyKind kind) {
    switch (kind) {
        case BodyKind::SgxReport:
            return kSgxReportSize;
        case BodyKind::Td10:
            return kTd10Size;
        case BodyKind::Td15:
            return kTd15Size;
        case BodyKind::Td15Extended:
            return kTd15ExtendedSize;
    }
    return 0;
}

const Field* find_field(BodyKind kind, std::string_view name) {
    const auto fields = body_fields(kind);
    const auto it = std::ranges::find(fields, name, &Field::name);
    return it == fields.end() ? nullptr : &*it;
}

}  // namespace lumoz::evidence
