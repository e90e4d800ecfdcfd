// SPDX-License-Identifier: Apache-2.0
#include "evidence/cc_event.hpp"

#include "base/reader.hpp"
#include "crypto/sha2.hpp"

#include <algorithm>
#include <iterator>

namespace lumoz::evidence {

namespace {

/// How the digest of a type is made (TCG PC Client platform firmware profile, as firmware of TDs does it).
enum class Hashed : std::uint8_t {
    Data,           ///< the event data
    VariableValue,  ///< the value inside UEFI_VARIABLE_DATA
    Text,           ///< a boot loader's text behind its prefix, where it has one
    Elsewhere,      ///< something that the log does not hold
};
enum class Shown : std::uint8_t { Nothing, Text, Variable, TaggedText };

struct Type {
    std::uint32_t number;
    std::string_view name;
    Hashed hashed;
    Shown shown;
};

constexpr Type kTypes[] = {
    {0x00000000, "EV_PREBOOT_CERT", Hashed::Elsewhere, Shown::Nothing},
    {0x00000001, "EV_POST_CODE", Hashed::Elsewhere, Shown::Text},
    {0x00000003, "EV_NO_ACTION", Hashed::Elsewhere, Shown::Nothing},
    {0x00000004, "EV_SEPARATOR", Hashed::Data, Shown::Nothing},
    {0x00000005, "EV_ACTION", Hashed::Data, Shown::Text},
    {0x00000006, "EV_EVENT_TAG", Hashed::Elsewhere, Shown::TaggedText},
    {0x00000007, "EV_S_CRTM_CONTENTS", Hashed::Elsewhere, Shown::Nothing},
    {0x00000008, "EV_S_CRTM_VERSION", Hashed::Data, Shown::Nothing},
    {0x0000000a, "EV_PLATFORM_CONFIG_FLAGS", Hashed::Elsewhere, Shown::Text},
    {0x0000000c, "EV_COMPACT_HASH", Hashed::Elsewhere, Shown::Text},
    {0x0000000d, "EV_IPL", Hashed::Text, Shown::Text},
    {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", Hashed::Data, Shown::Variable},
    {0x80000002, "EV_EFI_VARIABLE_BOOT", Hashed::VariableValue, Shown::Variable},
    {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION", Hashed::Elsewhere, Shown::Nothing},
    {0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER", Hashed::Elsewhere, Shown::Nothing},
    {0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER", Hashed::Elsewhere, Shown::Nothing},
    {0x80000006, "EV_EFI_GPT_EVENT", Hashed::Data, Shown::Nothing},
    {0x80000007, "EV_EFI_ACTION", Hashed::Data, Shown::Text},
    {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB", Hashed::Elsewhere, Shown::Nothing},
    {0x80000009, "EV_EFI_HANDOFF_TABLES", Hashed::Elsewhere, Shown::Nothing},
    {0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2", Hashed::Elsewhere, Shown::TaggedText},
    {0x8000000b, "EV_EFI_HANDOFF_TABLES2", Hashed::Elsewhere, Shown::TaggedText},
    {0x8000000c, "EV_EFI_VARIABLE_BOOT2", Hashed::Data, Shown::Variable},
    {0x80000010, "EV_EFI_HCRTM_EVENT", Hashed::Elsewhere, Shown::Text},
    {0x800000e0, "EV_EFI_VARIABLE_AUTHORITY", Hashed::Data, Shown::Variable},
};

const Type* find(std::uint32_t number) {
    const auto* it = std::ranges::find(kTypes, number, &Type::number);
    return it == std::end(kTypes) ? nullptr : it;
}

/// UEFI_VARIABLE_DATA: GUID 16, name length u64 (UTF-16 units), value length u64, name, value.
struct Variable {
    ByteView name;
    ByteView value;
};

Result<Variable> variable(ByteView data) {
    constexpr std::uint64_t kLongest = 4096;
    Reader in(data, "E_EVENTLOG_PARSE", "cc_event.variable");
    LUMOZ_TRY(const ByteView head, in.take(32));
    const std::uint64_t name_units = little_endian(head.subspan(16, 8));
    const std::uint64_t value_size = little_endian(head.subspan(24));
    LUMOZ_TRY(const ByteView name, in.take(2 * std::min(name_units, kLongest)));
    LUMOZ_TRY(const ByteView value, in.take(value_size));
    return Variable{name, value};
}

bool is_digest_of(const CcEvent& event, ByteView content) {
    return crypto::sha384(content) == event.digest;
}

ByteView without_nul(ByteView text) {
    return !text.empty() && text.back() == 0 ? text.first(text.size() - 1) : text;
}

/// A boot loader writes `grub_cmd: ` or `kernel_cmdline: ` before the text that it hashes.
/// Texts of this type also label what was measured elsewhere (a file, a key list), so none is false.
Content check_text(const CcEvent& event) {
    const ByteView whole = without_nul(event.data);
    if (is_digest_of(event, event.data) || is_digest_of(event, whole)) return Content::Proven;
    const std::size_t prefix = as_text(whole).find(": ");
    if (prefix >= 32) return Content::Unproven;  // or none
    return is_digest_of(event, whole.subspan(prefix + 2)) ? Content::Partly : Content::Unproven;
}

std::string readable(ByteView bytes, std::size_t step = 1) {
    constexpr std::size_t kLongest = 200;
    std::string out;
    for (std::size_t i = 0; i < bytes.size() && out.size() < kLongest; i += step) {
        if (bytes[i] == 0) break;
        out += bytes[i] >= 0x20 && bytes[i] < 0x7f ? static_cast<char>(bytes[i]) : '?';
    }
    return out;
}

/// A text behind a size: u32 tag and size for tagged events, u8 for blobs and tables.
ByteView tagged(const CcEvent& event) {
    const ByteView data(event.data);
    if (event.type == 0x06) return data.subspan(std::min<std::size_t>(8, data.size()));
    if (data.empty()) return {};
    return data.subspan(1, std::min<std::size_t>(data[0], data.size() - 1));
}

}  // namespace

std::string_view to_text(Content content) {
    switch (content) {
        case Content::Proven:
            return "proven";
        case Content::Partly:
            return "partly";
        case Content::Unproven:
            return "unproven";
        case Content::Differs:
            return "differs";
    }
    return "";
}

std::string_view cc_type_name(std::uint32_t type) {
    const Type* known = find(type);
    return known == nullptr ? std::string_view() : known->name;
}

Content check_content(const CcEvent& event) {
    const Type* type = find(event.type);
    switch (type == nullptr ? Hashed::Elsewhere : type->hashed) {
        case Hashed::Data:
            return is_digest_of(event, event.data) ? Content::Proven : Content::Differs;
        case Hashed::VariableValue: {
            if (is_digest_of(event, event.data)) return Content::Proven;
            const auto parsed = variable(event.data);
            return parsed && is_digest_of(event, parsed->value) ? Content::Partly : Content::Differs;
        }
        case Hashed::Text:
            return check_text(event);
        case Hashed::Elsewhere:
            return is_digest_of(event, event.data) ? Content::Proven : Content::Unproven;
    }
    return Content::Unproven;
}

std::string content_text(const CcEvent& event) {
    const Type* type = find(event.type);
    switch (type == nullptr ? Shown::Nothing : type->shown) {
        case Shown::Nothing:
            return {};
        case Shown::Text:
            return readable(event.data);
        case Shown::TaggedText:
            return readable(tagged(event));
        case Shown::Variable: {
            const auto parsed = variable(event.data);
            return parsed ? readable(parsed->name, 2) : std::string();
        }
    }
    return {};
}

}  // namespace lumoz::evidence
