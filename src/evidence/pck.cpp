// SPDX-License-Identifier: Apache-2.0
#include "evidence/pck.hpp"

#include "evidence/der_profile.hpp"

namespace lumoz::evidence {

namespace der = crypto::der;

namespace {

std::unexpected<Error> bad(std::string_view where) {
    return fail(Errc::Refused, "E_PCK_EXTENSION", where);
}

/// Last arc of an OID that begins with `prefix` and has one more single-byte arc; 0 when it is another.
unsigned last_arc(ByteView oid, ByteView prefix) {
    if (oid.size() != prefix.size() + 1 || !equal(oid.first(prefix.size()), prefix)) return 0;
    return oid.back();
}

/// Members `SEQUENCE { OID, value }` of a list, by last arc 1 to N. Unknown arcs are ignored, one twice is an
/// error.
template <std::size_t N>
Result<std::array<std::optional<der::Element>, N + 1>> read_members(ByteView list, ByteView prefix,
                                                                    std::string_view where) {
    std::array<std::optional<der::Element>, N + 1> out;
    der::Cursor in(list);
    while (!in.done()) {
        LUMOZ_TRY(const der::Element pair, in.expect(der::kSequence));
        der::Cursor member(pair.content);
        LUMOZ_TRY(const ByteView oid, profile::read_oid(member));
        LUMOZ_TRY(const der::Element value, member.next());
        LUMOZ_CHECK_OK(member.end());
        const unsigned arc = last_arc(oid, prefix);
        if (arc == 0 || arc > N) continue;
        if (out[arc]) return bad(where);
        out[arc] = value;
    }
    return out;
}

template <class Fixed>
Result<Fixed> octets(const std::optional<der::Element>& member, std::string_view where) {
    if (!member || member->tag != der::kOctetString || member->content.size() != Fixed::kSize)
        return bad(where);
    return fixed_prefix<Fixed>(member->content);
}

Result<std::uint64_t> number(const std::optional<der::Element>& member, std::uint8_t tag, std::uint64_t most,
                             std::string_view where) {
    if (!member || member->tag != tag) return bad(where);
    LUMOZ_TRY(const std::uint64_t value, der::to_uint(member->content));
    if (value > most) return bad(where);
    return value;
}

Bytes arc_of(unsigned arc) {
    Bytes out(std::begin(profile::kOidSgx), std::end(profile::kOidSgx));
    out.push_back(static_cast<std::uint8_t>(arc));
    return out;
}

Status read_tcb(const std::optional<der::Element>& member, PckExtension& out) {
    if (!member || member->tag != der::kSequence) return bad("pck.tcb");
    LUMOZ_TRY(const auto tcb, (read_members<18>(member->content, arc_of(2), "pck.tcb.twice")));
    for (std::size_t i = 0; i < 16; ++i) {
        LUMOZ_TRY(const std::uint64_t svn, number(tcb[i + 1], der::kInteger, 255, "pck.tcb.component"));
        out.components[i] = static_cast<std::uint8_t>(svn);
    }
    LUMOZ_TRY(const std::uint64_t pcesvn, number(tcb[17], der::kInteger, 65535, "pck.tcb.pcesvn"));
    out.pcesvn = static_cast<std::uint16_t>(pcesvn);
    LUMOZ_TRY(out.cpusvn, octets<CpuSvn>(tcb[18], "pck.tcb.cpusvn"));
    return {};
}

Result<PckExtension::Configuration> read_configuration(const der::Element& member) {
    if (member.tag != der::kSequence) return bad("pck.configuration");
    LUMOZ_TRY(const auto flags, (read_members<3>(member.content, arc_of(7), "pck.configuration.twice")));
    std::array<bool, 4> value{};
    for (std::size_t i = 1; i <= 3; ++i) {
        const auto& flag = flags[i];
        if (!flag || flag->tag != der::kBoolean || flag->content.size() != 1 ||
            (flag->content[0] != 0 && flag->content[0] != 0xff))
            return bad("pck.configuration.flag");
        value[i] = flag->content[0] != 0;
    }
    return PckExtension::Configuration{value[1], value[2], value[3]};
}

Result<PckExtension> read_extension(ByteView content) {
    der::Cursor outer(content);
    LUMOZ_TRY(const der::Element list, outer.expect(der::kSequence));
    LUMOZ_CHECK_OK(outer.end());
    LUMOZ_TRY(const auto members, (read_members<7>(list.content, profile::kOidSgx, "pck.twice")));
    PckExtension out;
    LUMOZ_TRY(out.ppid, octets<Ppid>(members[1], "pck.ppid"));
    LUMOZ_CHECK_OK(read_tcb(members[2], out));
    LUMOZ_TRY(out.pceid, octets<PceId>(members[3], "pck.pceid"));
    LUMOZ_TRY(out.fmspc, octets<Fmspc>(members[4], "pck.fmspc"));
    LUMOZ_TRY(const std::uint64_t type, number(members[5], der::kEnumerated, 2, "pck.sgx_type"));
    out.sgx_type = static_cast<std::uint8_t>(type);
    if (members[6]) {
        LUMOZ_TRY(out.platform_instance_id,
                  octets<PlatformInstanceId>(members[6], "pck.platform_instance_id"));
    }
    if (members[7]) {
        LUMOZ_TRY(out.configuration, read_configuration(*members[7]));
    }
    return out;
}

}  // namespace

Result<PckExtension> parse_pck_extension(const Certificate& leaf) {
    if (leaf.sgx_extension().empty()) return bad("pck.missing");
    auto out = read_extension(leaf.sgx_extension());
    if (!out && out.error().rule == "E_DER")
        return fail(Errc::Refused, "E_PCK_EXTENSION", "pck.der", profile::nested(out.error()));
    return out;
}

}  // namespace lumoz::evidence
