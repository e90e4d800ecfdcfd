// SPDX-License-Identifier: Apache-2.0
#include "evidence/qe_identity.hpp"

#include "evidence/tcb_levels.hpp"

namespace lumoz::evidence {

namespace {

Result<QeIdentity> read(const json::Value& root) {
    const Schema schema(Errc::Refused, "E_QEID_PARSE", "qe_identity.schema");
    if (!root.is_object()) return schema.bad("document", "not an object");
    QeIdentity out;
    LUMOZ_TRY(const std::string id, schema.text(root, "id"));
    if (id == "TD_QE") {
        out.id = EnclaveId::TdQe;
    } else if (id == "QVE") {
        out.id = EnclaveId::QvE;
    } else if (id != "QE") {
        return schema.bad("id", "not QE, TD_QE or QVE");
    }
    LUMOZ_TRY(const std::int64_t version, schema.integer(root, "version", 0xffffffff));
    if (version != 2) return schema.bad("version", "not 2");
    LUMOZ_TRY(out.issue_date, schema.date(root, "issueDate"));
    LUMOZ_TRY(out.next_update, schema.date(root, "nextUpdate"));
    LUMOZ_TRY(const std::int64_t number, schema.integer(root, "tcbEvaluationDataNumber", 0xffffffff));
    out.evaluation_number = static_cast<std::uint32_t>(number);
    LUMOZ_CHECK_OK(schema.hex_into(root, "miscselect", out.misc_select));
    LUMOZ_CHECK_OK(schema.hex_into(root, "miscselectMask", out.misc_select_mask));
    LUMOZ_CHECK_OK(schema.hex_into(root, "attributes", out.attributes));
    LUMOZ_CHECK_OK(schema.hex_into(root, "attributesMask", out.attributes_mask));
    LUMOZ_TRY(out.mr_signer, schema.hex<Digest256>(root, "mrsigner"));
    LUMOZ_TRY(const std::int64_t product, schema.integer(root, "isvprodid", 65535));
    out.isv_prod_id = static_cast<std::uint16_t>(product);
    StatusWords words;
    LUMOZ_TRY(out.levels, read_isv_levels(schema, root, 65535, words));
    LUMOZ_CHECK_OK(words.check("qe_identity.status"));
    return out;
}

}  // namespace

Result<QeIdentity> QeIdentity::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Refused, "E_QEID_PARSE", "qe_identity.json", document.error().detail);
    return read(document->root());
}

}  // namespace lumoz::evidence
