// SPDX-License-Identifier: Apache-2.0
// For tests: recorded answers of Intel's certification service, as documents carry them.
#pragma once

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/der.hpp"

#include <string>

namespace lumoz::evidence::testing {

/// As it stands in a header: each byte that is no letter or digit encoded.
inline std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            out += c;
        } else {
            const std::uint8_t byte[] = {static_cast<std::uint8_t>(c)};
            std::string hex = to_hex(byte);
            for (char& digit : hex)
                if (digit >= 'a') digit = static_cast<char>(digit - 32);
            out += "%" + hex;
        }
    }
    return out;
}

/// A block that holds one byte: nothing here looks inside.
inline std::string pem_of(std::uint8_t content) {
    return crypto::der::to_pem("CERTIFICATE", Bytes{content});
}

struct PcsAnswer {
    std::string url;
    std::string header;  ///< that carries the chain; none when empty
    std::string chain;
    std::string body;

    [[nodiscard]] std::string text() const {
        json::Writer out;
        out.object().key("url").string(url).key("headers").object();
        out.key("Date").array().string("today").end();
        if (!header.empty()) out.key(header).array().string(chain).end();
        out.end().key("body_base64").string(to_base64(as_bytes(body))).end();
        return std::move(out).text();
    }
};

/// The four answers that make collateral.
struct PcsAnswers {
    PcsAnswer tcb{"https://x/tdx/certification/v4/tcb?fmspc=00", "TCB-Info-Issuer-Chain",
                  percent_encoded(pem_of(1)), R"({"tcbInfo":{"a": 1},"signature":"aa"})"};
    PcsAnswer identity{"https://x/tdx/certification/v4/qe/identity", "sgx-enclave-identity-issuer-chain",
                       percent_encoded(pem_of(2)), R"({"enclaveIdentity":{"b": 2},"signature":"bb"})"};
    PcsAnswer crl{"https://x/sgx/certification/v4/pckcrl?ca=platform#f", "SGX-PCK-CRL-Issuer-Chain", "%",
                  "crl"};
    PcsAnswer root{"https://x/IntelSGXRootCA.der", "", "", "root"};

    /// `more` are further answers, with a comma in front.
    [[nodiscard]] std::string text(std::string_view more = "") const {
        return R"({"responses":[)" + tcb.text() + "," + identity.text() + "," + crl.text() + "," +
               root.text() + std::string(more) + "]}";
    }
};

}  // namespace lumoz::evidence::testing
