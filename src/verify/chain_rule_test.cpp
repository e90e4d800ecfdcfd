// SPDX-License-Identifier: Apache-2.0
// Chains and revocation lists (tdx.md 5, CC and CR): each rule broken alone, each date at its border.
#include "crypto/der.hpp"
#include "crypto/sha2.hpp"
#include "verify/chain.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

namespace der = crypto::der;

const crypto::P256Key& key(std::string_view label) {
    static std::map<std::string, crypto::P256Key, std::less<>> keys;
    const auto found = keys.find(label);
    if (found != keys.end()) return found->second;
    return keys.emplace(label, crypto::P256Key::derive(crypto::sha256(as_bytes("chain rules")), label))
        .first->second;
}

Bytes algorithm() {
    return der::sequence({der::oid("1.2.840.10045.4.3.2")});
}

Bytes name(std::string_view text) {
    return der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8(text)})})});
}

Bytes extension(std::string_view oid, const Bytes& value) {
    return der::sequence({der::oid(oid), der::octet_string(value)});
}

Bytes signed_by(std::string_view label, const Bytes& tbs) {
    return der::sequence(
        {tbs, algorithm(), der::bit_string(crypto::p256_signature_to_der(key(label).sign(tbs)))});
}

struct Form {
    std::string_view subject, issuer;      ///< names
    std::string_view own_key, issuer_key;  ///< labels
    bool ca = true;
    std::uint8_t usage = 0x06;
};

Bytes certificate(const Form& f) {
    const Bytes basic = f.ca ? der::sequence({der::boolean(true)}) : der::sequence({});
    const Bytes extensions = der::sequence(
        {extension("2.5.29.35", der::sequence({der::element(0x80, as_bytes(f.issuer_key))})),
         extension("2.5.29.14", der::octet_string(as_bytes(f.own_key))),
         extension("2.5.29.31", der::sequence({})), extension("2.5.29.15", Bytes{0x03, 0x02, 0x00, f.usage}),
         extension("2.5.29.19", basic)});
    return signed_by(
        f.issuer_key,
        der::sequence({der::context(0, der::integer(std::uint64_t{2})), der::integer(std::uint64_t{7}),
                       algorithm(), name(f.issuer), der::sequence({der::time(1000), der::time(2000)}),
                       name(f.subject), crypto::p256_spki(key(f.own_key).public_key()),
                       der::context(3, extensions)}));
}

constexpr std::string_view kRoot = "Intel SGX Root CA", kCa = "Intel SGX PCK Platform CA",
                           kLeaf = "Intel SGX PCK Certificate";

struct Forms {
    Form leaf{kLeaf, kCa, "leaf", "ca", false, 0xc0};
    Form ca{kCa, kRoot, "ca", "root"};
    Form root{kRoot, kRoot, "root", "root"};

    [[nodiscard]] std::vector<Bytes> build() const {
        return {certificate(leaf), certificate(ca), certificate(root)};
    }
};

template <class T>
std::string where(const Result<T>& result) {
    return result ? "accepted" : std::string(result.error().where);
}

Result<Chain> check(const std::vector<Bytes>& certificates) {
    RootPins roots;
    roots.also_accept(crypto::sha256(crypto::p256_spki(key("root").public_key())));
    Memo memo;
    return check_chain(certificates, kPckChain, roots, memo);
}

TEST(ChainRule, EachRoleHasItsRights) {
    EXPECT_EQ(where(check(Forms().build())), "accepted");
    const auto bent = [](void (*bend)(Forms&)) {
        Forms forms;
        bend(forms);
        return where(check(forms.build()));
    };
    EXPECT_EQ(bent([](Forms& f) { f.leaf.ca = true; }), "chain.leaf_usage");
    EXPECT_EQ(bent([](Forms& f) { f.leaf.usage = 0x40; }), "chain.leaf_usage");
    EXPECT_EQ(bent([](Forms& f) { f.ca.ca = false; }), "chain.ca");
    EXPECT_EQ(bent([](Forms& f) { f.ca.usage = 0x02; }), "chain.ca");
    EXPECT_EQ(bent([](Forms& f) { f.root.ca = false; }), "chain.ca");
    EXPECT_EQ(bent([](Forms& f) { f.root.usage = 0x02; }), "chain.ca");
    EXPECT_EQ(bent([](Forms& f) { f.root.subject = f.root.issuer = f.ca.issuer = "Another Root CA"; }),
              "chain.root_name");
    EXPECT_EQ(bent([](Forms& f) { f.root.issuer = "Another Root CA"; }), "chain.root_name");
    EXPECT_EQ(bent([](Forms& f) { f.leaf.issuer = "Another CA"; }), "chain.issuer");
    EXPECT_EQ(bent([](Forms& f) { f.ca.subject = f.leaf.issuer = "Another CA"; }), "chain.intermediate_name");
    EXPECT_EQ(bent([](Forms& f) { f.leaf.issuer_key = "stranger"; }), "chain.signature");
    EXPECT_EQ(bent([](Forms& f) { f.ca.issuer_key = "stranger"; }), "chain.signature");
    EXPECT_EQ(bent([](Forms& f) { f.root.own_key = f.root.issuer_key = "stranger"; }), "chain.root_pin");
    std::vector<Bytes> two = Forms().build();
    two.pop_back();
    EXPECT_EQ(where(check(two)), "chain.length");
}

TEST(ChainRule, DatesHoldAtTheirBorders) {
    const Chain chain = *check(Forms().build());
    EXPECT_EQ(where(check_chain_dates(chain, 999)), "chain.not_before");
    EXPECT_EQ(where(check_chain_dates(chain, 1000)), "accepted");
    EXPECT_EQ(where(check_chain_dates(chain, 2000)), "accepted");
    EXPECT_EQ(where(check_chain_dates(chain, 2001)), "chain.not_after");
}

TEST(ChainRule, AMemoRemembersWhatHeldAndNothingElse) {
    const Digest256 digest = crypto::sha256(as_bytes("text")), other = crypto::sha256(as_bytes("other"));
    const auto signature = key("root").sign(as_bytes("text"));
    const auto second = key("root").sign(as_bytes("other"));
    const auto root = key("root").public_key(), stranger = key("stranger").public_key();
    Memo below;
    ASSERT_TRUE(below.verify(root, digest, signature));
    Memo above(&below);
    for (Memo* memo : {&below, &above}) {
        EXPECT_TRUE(memo->verify(root, digest, signature));
        EXPECT_FALSE(memo->verify(stranger, digest, signature));
        EXPECT_FALSE(memo->verify(root, other, signature));
        EXPECT_FALSE(memo->verify(root, digest, second));
    }
}

struct List {
    std::string_view issuer = kCa;
    Bytes number = extension("2.5.29.20", der::integer(std::uint64_t{1}));
    Bytes authority = extension("2.5.29.35", der::sequence({der::element(0x80, as_bytes("ca"))}));
    Bytes next_update = der::time(2000);
    std::string_view signer = "ca";

    [[nodiscard]] evidence::Crl build() const {
        Bytes extensions = number;
        append(extensions, authority);
        const Bytes tbs =
            der::sequence({der::integer(std::uint64_t{1}), algorithm(), name(issuer), der::time(1000),
                           next_update, der::context(0, der::element(der::kSequence, extensions))});
        return *evidence::Crl::parse(signed_by(signer, tbs));
    }
};

TEST(ChainRule, AListIsOfItsIssuer) {
    const Chain chain = *check(Forms().build());
    const auto bent = [&](void (*bend)(List&)) {
        List list;
        bend(list);
        Memo memo;
        return where(check_crl(list.build(), *chain[1], memo));
    };
    EXPECT_EQ(bent([](List&) {}), "accepted");
    EXPECT_EQ(bent([](List& l) { l.issuer = kRoot; }), "crl.issuer_name");
    EXPECT_EQ(bent([](List& l) { l.number.clear(); }), "crl.number");
    EXPECT_EQ(bent([](List& l) { l.authority.clear(); }), "crl.authority_key_id");
    EXPECT_EQ(bent([](List& l) {
                  l.authority = extension("2.5.29.35", der::sequence({der::element(0x80, as_bytes("root"))}));
              }),
              "crl.issuer_key");
    EXPECT_EQ(bent([](List& l) { l.signer = "root"; }), "crl.signature");
}

TEST(ChainRule, AListHasItsDates) {
    List list;
    EXPECT_EQ(where(check_crl_dates(list.build(), 999)), "crl.this_update");
    EXPECT_EQ(where(check_crl_dates(list.build(), 1000)), "accepted");
    EXPECT_EQ(where(check_crl_dates(list.build(), 2000)), "accepted");
    EXPECT_EQ(where(check_crl_dates(list.build(), 2001)), "crl.next_update");
    list.next_update.clear();
    const Status none = check_crl_dates(list.build(), 1500);
    EXPECT_EQ(none.error().rule, "E_CRL_EXPIRED");
    EXPECT_EQ(none.error().detail, "missing");
}

TEST(ChainRule, EachSignerIsLookedUpInTheRootsList) {
    const testing::TestTee& tee = testing::tee();
    RootPins roots;
    roots.also_accept(tee.root_pin());
    const Bytes quote = tee.quote({});
    const auto error = [&](const evidence::Collateral& collateral) {
        const TdxVerdict got = verify_tdx(quote, collateral, roots, testing::kNow);
        const auto e = got.verdict.error();
        return e ? std::string(e->where) : "accepted";
    };
    EXPECT_EQ(error(tee.collateral()), "accepted");
    EXPECT_EQ(error(tee.collateral_revoking(9)), "accepted");
    EXPECT_EQ(error(tee.collateral_revoking(2)), "tdx.pck_ca.revoked");
    EXPECT_EQ(error(tee.collateral_revoking(3)), "tdx.tcb_signer.revoked");
    EXPECT_EQ(error(tee.collateral_revoking(5)), "tdx.qe_signer.revoked");
}

TEST(ChainRule, AQeInDebugModeIsRefusedWhateverItsIdentityMasks) {
    const testing::TestTee& tee = testing::tee();
    RootPins roots;
    roots.also_accept(tee.root_pin());
    std::string identity = tee.collateral().qe_identity;
    const std::string_view mask = "\"attributesMask\":\"FF";
    identity.replace(identity.find(mask) + mask.size() - 2, 2, "FD");
    const evidence::Collateral lax = tee.collateral_with_qe(identity);
    const auto error = [&](bool debug, const evidence::Collateral& collateral) {
        testing::TestTd td;
        td.qe_debug = debug;
        const auto e = verify_tdx(tee.quote(td), collateral, roots, testing::kNow).verdict.error();
        return e ? std::string(e->where) : "accepted";
    };
    EXPECT_EQ(error(false, lax), "accepted");
    EXPECT_EQ(error(true, tee.collateral()), "tdx.qe.attributes");
    EXPECT_EQ(error(true, lax), "tdx.qe.debug");
}

}  // namespace
}  // namespace lumoz::verify
