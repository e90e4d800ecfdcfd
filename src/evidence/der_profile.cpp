// SPDX-License-Identifier: Apache-2.0
#include "evidence/der_profile.hpp"

#include "base/utf8.hpp"

namespace lumoz::evidence::profile {

namespace der = crypto::der;

namespace {

std::unexpected<Error> bad(std::string_view where) {
    return fail(Errc::Malformed, "E_DER", where);
}

Result<Extension> read_extension(const der::Element& element) {
    der::Cursor in(element.content);
    Extension out;
    LUMOZ_TRY(out.oid, read_oid(in));
    if (in.peek() == der::kBoolean) {
        LUMOZ_TRY(const der::Element critical, in.next());
        // FALSE is the default and DER leaves defaults out.
        if (critical.content.size() != 1 || critical.content[0] != 0xff) return bad("der.extension.critical");
        out.critical = true;
    }
    LUMOZ_TRY(const der::Element value, in.expect(der::kOctetString));
    LUMOZ_CHECK_OK(in.end());
    out.value = value.content;
    return out;
}

}  // namespace

Result<std::vector<Extension>> read_extensions(ByteView data) {
    constexpr std::size_t kMost = 32;
    der::Cursor outer(data);
    LUMOZ_TRY(const der::Element list, outer.expect(der::kSequence));
    LUMOZ_CHECK_OK(outer.end());
    der::Cursor in(list.content);
    std::vector<Extension> out;
    while (!in.done()) {
        if (out.size() == kMost) return bad("der.extensions.count");
        LUMOZ_TRY(const der::Element element, in.expect(der::kSequence));
        LUMOZ_TRY(const Extension extension, read_extension(element));
        for (const Extension& earlier : out)
            if (equal(earlier.oid, extension.oid)) return bad("der.extensions.twice");
        out.push_back(extension);
    }
    if (out.empty()) return bad("der.extensions.empty");
    return out;
}

Result<ByteView> read_authority_key_id(ByteView value) {
    constexpr std::uint8_t kKeyId = 0x80, kIssuer = 0xa1, kSerial = 0x82;
    der::Cursor outer(value);
    LUMOZ_TRY(const der::Element list, outer.expect(der::kSequence));
    LUMOZ_CHECK_OK(outer.end());
    der::Cursor in(list.content);
    ByteView id;
    unsigned next = 0;  // members ascend, each at most once
    while (!in.done()) {
        LUMOZ_TRY(const der::Element element, in.next());
        const unsigned number = element.tag & 0x1fU;
        if ((element.tag != kKeyId && element.tag != kIssuer && element.tag != kSerial) || number < next)
            return bad("der.authority_key_id");
        next = number + 1;
        if (element.tag == kKeyId) id = element.content;
    }
    return id;
}

Result<ByteView> read_oid(der::Cursor& in) {
    LUMOZ_TRY(const der::Element oid, in.expect(der::kOid));
    if (oid.content.empty()) return bad("der.oid");
    bool begins = true;
    for (const std::uint8_t byte : oid.content) {
        if (begins && byte == 0x80) return bad("der.oid.minimal");
        begins = (byte & 0x80) == 0;
    }
    if (!begins) return bad("der.oid.cut");
    return oid.content;
}

Status check_integer(ByteView content) {
    if (content.empty() || (content[0] & 0x80) != 0) return bad("der.integer");
    if (content.size() > 1 && content[0] == 0 && (content[1] & 0x80) == 0) return bad("der.integer.minimal");
    return {};
}

Result<ByteView> read_signature_bits(der::Cursor& in) {
    LUMOZ_TRY(const der::Element bits, in.expect(der::kBitString));
    if (bits.content.empty() || bits.content[0] != 0) return bad("der.signature_bits");
    return bits.content.subspan(1);
}

namespace {

/// Adds the common names of one set of attributes to `out`.
Status read_rdn(ByteView rdn, std::vector<std::string_view>& out) {
    der::Cursor attributes(rdn);
    do {
        LUMOZ_TRY(const der::Element attribute, attributes.expect(der::kSequence));
        der::Cursor in(attribute.content);
        LUMOZ_TRY(const ByteView oid, read_oid(in));
        LUMOZ_TRY(const der::Element value, in.next());
        LUMOZ_CHECK_OK(in.end());
        if (value.tag != der::kUtf8String && value.tag != der::kPrintableString) return bad("der.name.type");
        if (!is_utf8(as_text(value.content))) return bad("der.name.utf8");
        if (equal(oid, kOidCommonName)) out.push_back(as_text(value.content));
    } while (!attributes.done());
    return {};
}

}  // namespace

Result<Name> read_name(der::Cursor& in) {
    LUMOZ_TRY(const der::Element name, in.expect(der::kSequence));
    std::vector<std::string_view> found;
    der::Cursor rdns(name.content);
    while (!rdns.done()) {
        LUMOZ_TRY(const der::Element rdn, rdns.expect(der::kSet));
        LUMOZ_CHECK_OK(read_rdn(rdn.content, found));
    }
    return Name{.whole = name.whole, .common_name = found.size() == 1 ? found[0] : std::string_view()};
}

std::string nested(const Error& error) {
    return std::string(error.where) + (error.detail.empty() ? "" : ": ") + error.detail;
}

}  // namespace lumoz::evidence::profile
