// SPDX-License-Identifier: Apache-2.0
#include "collateral/client.hpp"

#include "evidence/pcs_answer.hpp"

namespace lumoz::collateral {

Status check_status(std::string_view document, int status) {
    const std::string detail = std::string(document) + ": status " + std::to_string(status);
    if (status == 200) return {};
    if (status == 404) return fail(Errc::NotFound, "E_COLLATERAL_UNKNOWN", "collateral.status", detail);
    if (status == 410) return fail(Errc::NotFound, "E_COLLATERAL_GONE", "collateral.status", detail);
    if (status >= 300 && status < 400)
        return fail(Errc::Unavailable, "E_COLLATERAL_REDIRECT", "collateral.status", detail);
    return fail(Errc::Unavailable, "E_COLLATERAL_SERVICE", "collateral.status", detail);
}

namespace {

/// The one header of the document's names that is there.
Result<std::string> chain_of(Item item, const net::Headers& headers) {
    for (const std::string_view name : chain_headers(item)) {
        if (name.empty() || headers.count(name) == 0) continue;
        if (headers.count(name) > 1)
            return fail(Errc::Malformed, "E_COLLATERAL_HEADER", "collateral.header", std::string(name));
        return evidence::decode_chain_header(headers.get(name));
    }
    return fail(Errc::Malformed, "E_COLLATERAL_HEADER", "collateral.header",
                std::string(chain_headers(item)[0]));
}

}  // namespace

/// A caching service has the list itself; Intel publishes it where the root certificate says.
Result<net::Response> Client::root_list(const Request& request, const std::string& root_pem) {
    auto own = transport_.get(target_of(Item::RootCrl, request));
    const bool has_none = own && own->head.status >= 400 && own->head.status < 500;
    if (!has_none) return own;
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(root_pem));
    if (certificates.empty()) return own;
    LUMOZ_TRY(const evidence::Certificate root, evidence::Certificate::parse(certificates.back()));
    return root.crl_url().empty() ? std::move(own) : transport_.get_url(root.crl_url());
}

Result<Document> Client::fetch(Item item, const Request& request, const std::string& root_pem, UnixTime now) {
    const bool root = item == Item::RootCrl;
    LUMOZ_TRY(const net::Response response,
              root ? root_list(request, root_pem) : transport_.get(target_of(item, request)));
    LUMOZ_CHECK_OK(check_status(to_text(item), response.head.status));
    std::string chain = root_pem;
    if (!root) {
        LUMOZ_TRY(chain, chain_of(item, response.head.headers));
    }
    LUMOZ_TRY(Document document, read_answer(item, response.body, std::move(chain)));
    document.fetched_at = now;
    return document;
}

}  // namespace lumoz::collateral
