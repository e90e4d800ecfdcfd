// SPDX-License-Identifier: Apache-2.0
// TCB info and QE identity (tdx.md 4.4 to 4.6): each member bent, order of levels, labels of components.
#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"
#include "evidence/testing/json_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

using testing::Dump;

std::string components(unsigned first, std::string_view label = R"(,"category":"BIOS","type":"ucode")") {
    std::string out = R"([{"svn":)" + std::to_string(first) + std::string(label) + "}";
    for (int i = 1; i < 15; ++i)
        out += R"(,{"svn":)" + std::to_string(i) + "}";
    return out + R"(,{"svn":255,"type":"last"}])";
}

std::string isv_level(unsigned svn, std::string_view status, std::string_view date = "2025-01-01T00:00:00Z") {
    return R"({"tcb":{"isvsvn":)" + std::to_string(svn) + R"(},"tcbDate":")" + std::string(date) +
           R"(","tcbStatus":")" + std::string(status) + R"(","advisoryIDs":["INTEL-SA-1"]})";
}

std::string module_members(char digit) {
    return R"("mrsigner":")" + std::string(96, digit) + R"(","attributes":"000000000000000)" + digit +
           R"(","attributesMask":"FFFFFFFFFFFFFFFF")";
}

std::string head(std::string_view version) {
    return R"("version":)" + std::string(version) +
           R"(,"issueDate":"2026-01-01T00:00:00Z","nextUpdate":"2026-02-01T00:00:00Z","fmspc":"00906ED50000",)"
           R"("pceId":"0001","tcbType":0,"tcbEvaluationDataNumber":19)";
}

std::string level(const std::string& tcb, std::string_view status) {
    return R"({"tcb":{)" + tcb + R"(},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":")" + std::string(status) +
           R"(","advisoryIDs":["INTEL-SA-1","INTEL-SA-2"]})";
}

std::string tdx_tcb(unsigned pcesvn, const std::string& sgx = components(1),
                    const std::string& tdx = components(2)) {
    return R"("sgxtcbcomponents":)" + sgx + R"(,"pcesvn":)" + std::to_string(pcesvn) +
           R"(,"tdxtcbcomponents":)" + tdx;
}

std::string tdx_info(const std::string& levels, const std::string& identity_id = "TDX_01") {
    return R"({"id":"TDX",)" + head("3") + R"(,"tdxModule":{)" + module_members('0') +
           R"(},"tdxModuleIdentities":[{"id":")" + identity_id + "\"," + module_members('1') +
           R"(,"tcbLevels":[)" + isv_level(2, "OutOfDate") + "," + isv_level(3, "UpToDate") +
           R"(]},{"id":"TDX_03",)" + module_members('3') + R"(,"tcbLevels":[)" + isv_level(255, "UpToDate") +
           R"(]}],"tcbLevels":[)" + levels + "]}";
}

std::string good_tdx() {
    return tdx_info(level(tdx_tcb(5), "OutOfDate") + "," + level(tdx_tcb(11), "UpToDate"));
}

std::string sgx_v2() {
    std::string tcb;
    for (int i = 1; i <= 16; ++i)
        tcb += "\"sgxtcbcomp" + std::string(i < 10 ? "0" : "") + std::to_string(i) +
               "svn\":" + std::to_string(i) + ",";
    return "{" + head("2") + R"(,"tcbLevels":[)" + level(tcb + R"("pcesvn":7)", "Revoked") + "]}";
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += text + ";";
    return out;
}

void add_levels(Dump& out, std::string_view name, const std::vector<IsvLevel>& levels) {
    for (const IsvLevel& l : levels)
        out.add(name, std::to_string(l.isvsvn) + " " + std::to_string(l.tcb_date) + " " +
                          std::string(to_text(l.status)) + " " + joined(l.advisories));
}

void add_module(Dump& out, std::string_view name, const TdxModule& module) {
    out.add(name, module.mr_signer.view()).add(name, module.attributes.view()).add(name, module.mask.view());
}

std::string text_of(const TcbInfo& info, const std::array<TcbComponent, 16>& components) {
    std::string out;
    for (const TcbComponent& c : components) {
        const ComponentLabel& label = info.label(c);
        out += std::to_string(c.svn) +
               (label == ComponentLabel() ? "" : "(" + label.category + "," + label.type + ")") + " ";
    }
    return out;
}

Dump dump(const TcbInfo& info) {
    Dump out;
    out.add("tdx", info.tdx)
        .add("version", info.version)
        .add("issued", info.issue_date)
        .add("next", info.next_update);
    out.add("fmspc", info.fmspc.view()).add("pceid", info.pceid.view()).add("number", info.evaluation_number);
    if (info.module) add_module(out, "module", *info.module);
    for (const TdxModuleIdentity& identity : info.module_identities) {
        out.add("identity", identity.major);
        add_module(out, "identity.module", identity.module);
        add_levels(out, "identity.level", identity.levels);
    }
    for (const TcbLevel& l : info.levels) {
        out.add("level", std::to_string(l.pcesvn) + " " + std::to_string(l.tcb_date) + " " +
                             std::string(to_text(l.status)) + " " + joined(l.advisories));
        out.add("sgx", text_of(info, l.sgx)).add("tdx", text_of(info, l.tdx));
    }
    return out.add("labels", info.labels.size());
}

std::string error_of(std::string_view text) {
    const auto got = TcbInfo::parse(text);
    return got ? "accepted" : got.error().detail;
}

TEST(TcbInfoReader, EachMemberBent) {
    testing::expect_json_bends<TcbInfo>("tcb_info_tdx", good_tdx(), TcbInfo::parse, dump);
}

TEST(TcbInfoReader, EachMemberOfVersion2Bent) {
    testing::expect_json_bends<TcbInfo>("tcb_info_v2", sgx_v2(), TcbInfo::parse, dump);
}

TEST(TcbInfoReader, ModulesAreNamedInEitherCase) {
    const auto with_id = [](const std::string& id) {
        return error_of(tdx_info(level(tdx_tcb(1), "UpToDate"), id));
    };
    for (const char* good : {"TDX_01", "tdx_01", "Tdx_fE"})
        EXPECT_EQ(with_id(good), "accepted") << good;
    for (const char* bad : {"SDX_01", "TEX_01", "TDY_01", "TDX-01", "TDX_0", "TDX_001", "TDX_0g", "TDX_",
                            "\xd4"
                            "DX_01"})
        EXPECT_NE(with_id(bad), "accepted") << bad;
    EXPECT_EQ(with_id("SDX_01"), "tdxModuleIdentities: id is not TDX_ and two hex digits");
    EXPECT_EQ(with_id("TDX_03"), "tdxModuleIdentities: version twice");
}

TEST(TcbInfoReader, LevelsAreSortedBySgxThenPcesvnThenTdx) {
    const auto levels = [](const std::string& a, const std::string& b) {
        return TcbInfo::parse(tdx_info(level(a, "OutOfDate") + "," + level(b, "UpToDate")))->levels;
    };
    EXPECT_EQ(levels(tdx_tcb(9, components(1)), tdx_tcb(1, components(2)))[0].pcesvn, 1);
    EXPECT_EQ(levels(tdx_tcb(2, components(1)), tdx_tcb(9, components(1)))[0].pcesvn, 9);
    EXPECT_EQ(
        levels(tdx_tcb(1, components(1), components(3)), tdx_tcb(1, components(1), components(4)))[0].status,
        TcbStatus::UpToDate);
    EXPECT_EQ(
        levels(tdx_tcb(1, components(1), components(4)), tdx_tcb(1, components(1), components(3)))[0].status,
        TcbStatus::OutOfDate);
    const std::string one = level(tdx_tcb(1), "UpToDate");
    EXPECT_EQ(error_of(tdx_info(one + "," + one)), "tcbLevels: one level twice");
}

TEST(TcbInfoReader, LabelsAreKeptOnce) {
    const auto info = TcbInfo::parse(good_tdx());
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->labels.size(), 3U) << "none, and two that repeat in four lists";
    EXPECT_EQ(info->label(info->levels[0].sgx[0]), (ComponentLabel{"BIOS", "ucode"}));
    EXPECT_EQ(info->label(info->levels[1].tdx[15]), (ComponentLabel{"", "last"}));
    EXPECT_EQ(info->levels[1].tdx[1].label, 0U);
}

TEST(TcbInfoReader, UnknownStatusesAreCutAndPrintable) {
    const auto word = [](const std::string& status) { return error_of(tdx_info(level(tdx_tcb(1), status))); };
    EXPECT_EQ(word("Fine"), "Fine");
    EXPECT_EQ(word("a\x7f~ !\xc3\xa9\\u001fz"), "a?~ !???z");
    EXPECT_EQ(word(std::string(60, 'x')), std::string(48, 'x'));
    for (const char* good :
         {"UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
          "OutOfDate", "OutOfDateConfigurationNeeded", "Revoked"})
        EXPECT_EQ(word(good), "accepted");
    for (const char* bad : {"TDRelaunchAdvised", "TDRelaunchAdvisedConfigurationNeeded", ""})
        EXPECT_EQ(word(bad), bad);
}

std::string identity_text(const std::string& levels) {
    return R"({"id":"TD_QE","version":2,"issueDate":"2026-01-01T00:00:00Z","nextUpdate":"2026-02-01T00:00:00Z",)"
           R"("tcbEvaluationDataNumber":19,"miscselect":"00000001","miscselectMask":"FFFFFFFF","attributes":")" +
           std::string(32, '2') + R"(","attributesMask":")" + std::string(32, 'F') + R"(","mrsigner":")" +
           std::string(64, '3') + R"(","isvprodid":2,"tcbLevels":[)" + levels + "]}";
}

Dump dump_identity(const QeIdentity& identity) {
    Dump out;
    out.add("id", static_cast<unsigned>(identity.id))
        .add("issued", identity.issue_date)
        .add("next", identity.next_update);
    out.add("number", identity.evaluation_number).add("product", identity.isv_prod_id);
    out.add("misc", ByteView(identity.misc_select)).add("misc_mask", ByteView(identity.misc_select_mask));
    out.add("attributes", ByteView(identity.attributes)).add("mask", ByteView(identity.attributes_mask));
    out.add("mr_signer", identity.mr_signer.view());
    add_levels(out, "level", identity.levels);
    return out;
}

TEST(QeIdentityReader, EachMemberBent) {
    testing::expect_json_bends<QeIdentity>(
        "qe_identity", identity_text(isv_level(4, "OutOfDate") + "," + isv_level(8, "UpToDate")),
        QeIdentity::parse, dump_identity);
}

TEST(QeIdentityReader, NamesTheThreeEnclaves) {
    const auto id = [](const std::string& name) {
        std::string text = identity_text(isv_level(8, "UpToDate"));
        const auto got = QeIdentity::parse(text.replace(text.find("TD_QE"), 5, name));
        return got ? std::optional(got->id) : std::nullopt;
    };
    EXPECT_EQ(id("QE"), EnclaveId::Qe);
    EXPECT_EQ(id("TD_QE"), EnclaveId::TdQe);
    EXPECT_EQ(id("QVE"), EnclaveId::QvE);
}

TEST(QeIdentityReader, LevelsOfOneSvnKeepTheirOrder) {
    const auto identity = QeIdentity::parse(
        identity_text(isv_level(5, "OutOfDate", "2025-01-01T00:00:00Z") + "," +
                      isv_level(5, "Revoked", "2025-01-02T00:00:00Z") + "," + isv_level(8, "UpToDate")));
    ASSERT_TRUE(identity.has_value());
    EXPECT_EQ(identity->levels[0].isvsvn, 8);
    EXPECT_EQ(identity->levels[1].status, TcbStatus::OutOfDate);
    EXPECT_EQ(identity->levels[2].status, TcbStatus::Revoked);
}

}  // namespace
}  // namespace lumoz::evidence
