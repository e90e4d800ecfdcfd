// SPDX-License-Identifier: Apache-2.0
// Where each field of an Intel quote stands (specification tdx.md 2), as data. The parser reads by this
// table, and whoever builds a quote (the simulator, tests) writes by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace lumoz::evidence {

enum class TeeType : std::uint32_t { Sgx = 0, Tdx = 0x81 };

/// The v5 body type numbers; v3 and v4 quotes have the kind that their header implies.
enum class BodyKind : std::uint16_t { SgxReport = 1, Td10 = 2, Td15 = 3, Td15Extended = 4 };

inline constexpr std::size_t kMaxQuoteSize = 65536;
inline constexpr std::size_t kQuoteHeaderSize = 48;
inline constexpr std::size_t kBodyDescriptorSize = 6;  ///< v5: u16 body type, u32 body size, both signed
inline constexpr std::size_t kSgxReportSize = 384;
inline constexpr std::size_t kTd10Size = 584;
inline constexpr std::size_t kTd15Size = 648;
inline constexpr std::size_t kTd15ExtendedSize = 885;
inline constexpr std::size_t kSignatureSize = 64;
inline constexpr std::size_t kKeySize = 64;
inline constexpr std::uint16_t kKeyTypeEcdsaP256 = 2;
inline constexpr std::uint16_t kCertTypeQeReport = 6;  ///< the envelope of v4 and v5
inline constexpr std::uint16_t kCertTypePckChain = 5;
/// QE vendor id of Intel, header offset 12.
inline constexpr std::uint8_t kIntelVendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                                  0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

/// One named field of a structure. Integers are little-endian.
struct Field {
    std::string_view name;
    std::uint16_t offset;
    std::uint16_t size;
    bool integer = false;
};

/// One bit of TDATTRIBUTES (tdx.md 2.7). Bits that are in no entry are reserved.
struct TdAttribute {
    std::uint8_t bit;
    std::string_view name;
};
/// Every bit with a meaning, ascending.
[[nodiscard]] std::span<const TdAttribute> td_attributes();

/// version, att_key_type, tee_type, qe_svn, pce_svn, qe_vendor_id, user_data.
[[nodiscard]] std::span<const Field> header_fields();
/// The fields that a body of this kind has, in the order of their offsets; reserved bytes are not listed.
[[nodiscard]] std::span<const Field> body_fields(BodyKind kind);
[[nodiscard]] std::size_t body_size(BodyKind kind);
/// Field of a body by name (`mr_td`, `rtmr0`, `report_data`, …); null when the kind has no such field.
[[nodiscard]] const Field* find_field(BodyKind kind, std::string_view name);

}  // namespace lumoz::evidence
