// SPDX-License-Identifier: Apache-2.0
// `/v1/aci/attestation`, specs/api.md 8.2.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "identity/report.hpp"

namespace lumoz::identity {
namespace {

using json::Writer;

constexpr json::Limits kInfoLimits{.max_bytes = std::size_t{4} << 20, .max_depth = 32};

void write_text_or_null(Writer& out, std::string_view name, const std::optional<std::string>& value) {
    out.key(name);
    if (value) {
        out.string(*value);
    } else {
        out.null();
    }
}

/// `tcb_info.app_compose` of the guest's information; `tcb_info` is an object or the JSON text of one.
std::string app_compose(const std::string& info_json) {
    const auto info = json::Document::parse(info_json, kInfoLimits);
    if (!info) return {};
    const auto tcb_info = info->root().find("tcb_info");
    if (!tcb_info) return {};
    const std::string inner = tcb_info->as_string().value_or(std::string(tcb_info->raw()));
    const auto tcb = json::Document::parse(inner, kInfoLimits);
    if (!tcb) return {};
    const auto compose = tcb->root().find("app_compose");
    return compose ? compose->as_string().value_or("") : "";
}

void write_evidence(Writer& out, const PublicIdentity& identity, const TeeFacts& tee, const Binding& binding,
                    const tee::Evidence& evidence) {
    out.key("evidence").object();
    out.key("quote").string(to_hex(evidence.quote));
    out.key("quote_report_data").string(to_hex(binding.report_data.view()));
    out.key("event_log").string(evidence.event_log);
    out.key("app_compose").string(app_compose(tee.info_json));
    write_text_or_null(out, "vm_config",
                       evidence.vm_config.empty() ? std::nullopt : std::optional(evidence.vm_config));
    out.key("key_custody").string("born in the TEE, per instance");
    out.key("downstream_tls_binding");
    if (identity.tls_spki) {
        out.object();
        if (identity.facts.tls_domain) out.key("domain").string(*identity.facts.tls_domain);
        out.key("type").string("tls_spki_sha256");
        out.key("spki_sha256").string(to_hex(identity.tls_spki->view())).end();
    } else {
        out.null();
    }
    out.end();
}

}  // namespace

std::string aci_attestation_json(const PublicIdentity& identity, const TeeFacts& tee, const Binding& binding,
                                 const tee::Evidence& evidence, const StapledCollateral* collateral) {
    const SourceProvenance& provenance = identity.facts.provenance;
    Writer out;
    out.object();
    out.key("api_version").string("aci/1");
    out.key("workload_keyset_digest").string(identity.keyset_digest);
    out.key("attestation").object();
    out.key("tee_type").string(tee.tee_type);
    out.key("workload_keyset").raw(identity.keyset_json);
    out.key("report_data").string(to_hex(binding.report_data.view().first(32)));
    out.key("source_provenance").object();
    write_text_or_null(out, "repo_url", provenance.repo_url);
    write_text_or_null(out, "repo_commit", provenance.repo_commit);
    write_text_or_null(out, "image_digest", provenance.image_digest);
    write_text_or_null(out, "image_provenance", provenance.image_provenance);
    out.end();
    write_evidence(out, identity, tee, binding, evidence);
    out.end();
    out.key("service_capabilities").object();
    out.key("supported_e2ee_versions").array().end();
    out.key("serving").string("direct").end();
    // Beside what ACI names: the statement's exact text, and what an offline verifier needs.
    out.key("statement").string(binding.statement);
    if (collateral != nullptr) out.key("collateral").raw(collateral->json);
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::identity
