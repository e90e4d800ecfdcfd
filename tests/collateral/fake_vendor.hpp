// SPDX-License-Identifier: Apache-2.0
// The simulator's vendor behind a transport without a network. Documents are bent before they are signed, and
// answers before they are read.
#pragma once

#include "base/hex.hpp"
#include "base/testing.hpp"
#include "collateral/keeper.hpp"
#include "evidence/testing/pcs_answers.hpp"
#include "simtee/vendor.hpp"
#include "simtee/x509.hpp"

#include <functional>
#include <map>

namespace lumoz::collateral::testing {

inline constexpr UnixTime kNow = 1'800'000'000;
inline constexpr UnixTime kDay = 86'400;

/// Replaces the first occurrence; the text must be there.
inline std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t at = text.find(what);
    if (at == std::string::npos) return "the text to replace is not there";
    return text.replace(at, what.size(), by);
}

using evidence::testing::percent_encoded;

class FakeVendor final : public Transport {
public:
    FakeVendor() : vendor_(seed()) {}

    static Digest256 seed() {
        Digest256 out;
        out.bytes.fill(7);
        return out;
    }
    [[nodiscard]] verify::RootPins roots() const {
        verify::RootPins out;
        out.also_accept(vendor_.root_pin());
        return out;
    }
    [[nodiscard]] Request request() const {
        return {.platform = {.tdx = true, .fmspc = vendor_.platform().fmspc, .ca = PckCa::Platform},
                .set = {}};
    }
    [[nodiscard]] const simtee::Vendor& vendor() const { return vendor_; }
    /// What the service has to give now. Signatures have chance in them, so equal texts are signed once.
    [[nodiscard]] const evidence::Collateral& documents() const {
        if (base_at_ != issued_at) {
            base_ = vendor_.collateral(issued_at);
            base_at_ = issued_at;
            signed_ = {};
        }
        const std::string tcb = bend_tcb ? bend_tcb(base_.tcb_info) : base_.tcb_info;
        const std::string qe = bend_qe ? bend_qe(base_.qe_identity) : base_.qe_identity;
        if (signed_.tcb_info == tcb && signed_.qe_identity == qe) return signed_;
        const auto signer = crypto::P256Key::derive(seed(), "tcb-signing");
        signed_ = base_;
        signed_.tcb_info = tcb;
        signed_.tcb_info_signature = to_hex(signer.sign(as_bytes(tcb)).view());
        signed_.qe_identity = qe;
        signed_.qe_identity_signature = to_hex(signer.sign(as_bytes(qe)).view());
        return signed_;
    }

    Result<net::Response> get(std::string_view target) override {
        targets.emplace_back(target);
        if (down) return fail(Errc::Io, "E_NET_REFUSED", "test");
        const evidence::Collateral texts = documents();
        if (target.contains("/tcb?"))
            return answer(
                Item::TcbInfo, texts.tcb_info_issuer_chain,
                R"({"tcbInfo":)" + texts.tcb_info + R"(,"signature":")" + texts.tcb_info_signature + "\"}");
        if (target.contains("/qe/identity"))
            return answer(Item::QeIdentity, texts.qe_identity_issuer_chain,
                          R"({"enclaveIdentity":)" + texts.qe_identity + R"(,"signature":")" +
                              texts.qe_identity_signature + "\"}");
        if (target.contains("/pckcrl?"))
            return answer(Item::PckCrl, texts.pck_crl_issuer_chain, texts.pck_crl);
        return answer(Item::RootCrl, "", texts.root_ca_crl);
    }
    Result<net::Response> get_url(std::string_view url) override {
        urls.emplace_back(url);
        return answer(Item::TcbInfo, "", documents().root_ca_crl);
    }

    UnixTime issued_at = kNow;
    bool down = false;
    std::function<std::string(std::string)> bend_tcb, bend_qe;
    std::map<Item, std::function<void(net::Response&)>> bend;
    std::vector<std::string> targets, urls;

private:
    Result<net::Response> answer(Item item, const std::string& chain, const std::string& body) {
        net::Response out;
        out.head.status = 200;
        out.body = to_bytes(as_bytes(body));
        if (!chain.empty()) out.head.headers.add(chain_headers(item)[0], percent_encoded(chain));
        if (const auto found = bend.find(item); found != bend.end()) found->second(out);
        return out;
    }
    simtee::Vendor vendor_;
    mutable UnixTime base_at_ = -1;
    mutable evidence::Collateral base_, signed_;
};

using Scratch = lumoz::testing::ScratchFolder;

}  // namespace lumoz::collateral::testing
