// SPDX-License-Identifier: Apache-2.0
#include "gateway/evidence_pages.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "evidence/statement.hpp"
#include "identity/query.hpp"
#include "net/one_shot.hpp"

namespace lumoz::gateway {
namespace {

using Document = net::OneShot<Result<identity::SharedText>>;

/// Takes what the attestor's thread makes to the loop that waits.
identity::Reports::Done into(const std::shared_ptr<Document>& document) {
    return [document](Result<identity::SharedText> text) { document->set(std::move(text)); };
}

std::string_view query_of(const Call& call) {
    return call.exchange.head().query();
}

net::Task<void> answer_document(Call& call, std::shared_ptr<Document> document, bool with_authentication,
                                const std::vector<std::string>& siblings = {}) {
    const Result<identity::SharedText> made = co_await document->wait();
    if (!made) {
        const bool busy = made.error().code == Errc::Limit;
        log::warn("evidence_failed", {{"id", call.id}, {"rule", made.error().rule}});
        const unsigned after = busy ? call.service.attestor.retry_after() : 5;
        ApiError error = api_error(busy ? Failure::AttestationBusy : Failure::AttestationFailed);
        co_await respond_error(call, std::move(error), after);
        co_return;
    }
    std::string body = with_siblings(**made, siblings);
    if (with_authentication && body.ends_with('}')) {
        // Design decision 13: the report says when receipts are open to everybody.
        const bool on = authentication_on(call.service.config);
        body.pop_back();
        body += on ? R"(,"authentication":"on"})" : R"(,"authentication":"off"})";
    }
    co_await respond_json(call, 200, std::move(body));
}

/// The query as it came, for a replica that shall answer for itself.
std::string query_for_siblings(const Call& call) {
    std::string query(query_of(call));
    if (!query.empty()) query += '&';
    return query + std::string(kAlone);
}

/// The report of the replica whose key was asked for; nothing when no replica has it.
net::Task<std::optional<std::string>> report_of_sibling(Call& call) {
    Siblings* const siblings = call.service.siblings;
    const bool alone = query_of(call).find(kAlone) != std::string_view::npos;
    if (siblings == nullptr || alone) co_return std::nullopt;
    std::string query = query_for_siblings(call);
    std::vector<std::string> found = co_await siblings->reports(call.exchange.loop(), std::move(query));
    if (found.empty()) co_return std::nullopt;
    co_return std::move(found.front());
}

net::Task<void> answer_report(Call& call) {
    const auto query = identity::parse_report_query(query_of(call), call.keys->identity);
    if (!query) {
        const Error& why = query.error();
        if (why.code == Errc::NotFound) {
            std::optional<std::string> theirs = co_await report_of_sibling(call);
            if (theirs) {
                co_await respond_json(call, 200, std::move(*theirs));
                co_return;
            }
        }
        ApiError error =
            api_error(why.code == Errc::NotFound ? Failure::NotFound : Failure::BadRequest, why.detail);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    // The report would name another key than the one that the client sees: that is what an attack looks like.
    const std::optional<Digest256> seen = call.exchange.tls_spki();
    if (seen && query->form != evidence::BindingForm::Plain && seen != call.keys->identity.tls_spki) {
        ApiError error =
            api_error(Failure::AttestationBusy,
                      "The TLS key of this connection was renewed; ask again on a new connection");
        co_await respond_error(call, std::move(error));
        co_return;
    }
    const auto document = std::make_shared<Document>(call.exchange.loop());
    call.keys->reports.report(*query, into(document));
    std::vector<std::string> siblings;
    if (query->siblings && call.service.siblings != nullptr) {
        std::string asked = query_for_siblings(call);
        siblings = co_await call.service.siblings->reports(call.exchange.loop(), std::move(asked));
    }
    co_await answer_document(call, document, true, siblings);
}

net::Task<void> answer_aci(Call& call) {
    const auto nonce = identity::parse_aci_nonce(query_of(call));
    if (!nonce) {
        ApiError error = api_error(Failure::InvalidAciRequest, nonce.error().detail);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    const auto document = std::make_shared<Document>(call.exchange.loop());
    call.keys->reports.aci_attestation(*nonce, into(document));
    co_await answer_document(call, document, false);
}

/// Tinfoil's documents bind the TLS key: without one there is none to make.
net::Task<void> answer_tinfoil(Call& call) {
    const auto nonce = identity::parse_aci_nonce(query_of(call));
    if (!nonce || !call.keys->identity.tls_spki) {
        ApiError error = nonce ? api_error(Failure::NotFound, "This service has no TLS key to bind")
                               : api_error(Failure::BadRequest, nonce.error().detail);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    const auto document = std::make_shared<Document>(call.exchange.loop());
    call.keys->reports.tinfoil(*nonce, into(document));
    co_await answer_document(call, document, false);
}

net::Task<void> answer_certificate(Call& call) {
    const std::string& pem = call.keys->identity.facts.tls_certificate_pem;
    if (pem.empty()) {
        ApiError error = api_error(Failure::NotFound, "This service has no TLS key to bind");
        co_await respond_error(call, std::move(error));
        co_return;
    }
    json::Writer out;
    out.object().key("certificate").string(pem).end();
    std::string body = std::move(out).text();
    co_await respond_json(call, 200, std::move(body));
}

net::Task<void> answer_stored(Call& call) {
    const std::string& digest = call.route->parameter;
    Failure failure = Failure::NotFound;
    if (evidence::is_sha256_text(digest)) {
        Result<std::optional<store::KeysetEvidence>> found = call.service.store.keyset(digest);
        if (found && *found && !(*found)->evidence.empty()) {
            std::string body = std::move((*found)->evidence);
            co_await respond_json(call, 200, std::move(body));
            co_return;
        }
        if (!found) failure = Failure::StoreUnhealthy;
    }
    ApiError error = api_error(failure, failure == Failure::NotFound ? "No evidence of this keyset" : "");
    co_await respond_error(call, std::move(error));
}

}  // namespace

net::Task<void> answer_evidence_page(Call& call) {
    if (call.route->page == Page::Report) {
        co_await answer_report(call);
    } else if (call.route->page == Page::AciAttestation) {
        co_await answer_aci(call);
    } else if (call.route->page == Page::TinfoilAttestation) {
        co_await answer_tinfoil(call);
    } else if (call.route->page == Page::TinfoilCertificate) {
        co_await answer_certificate(call);
    } else {
        co_await answer_stored(call);
    }
}

}  // namespace lumoz::gateway
