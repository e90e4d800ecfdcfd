// SPDX-License-Identifier: Apache-2.0
#include "net/tls_chain.hpp"

#include "crypto/sha2.hpp"
#include "net/testing_ca.hpp"
#include "net/tls_written.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>

namespace lumoz::net {
namespace {

constexpr UnixTime kNow = 1'800'000'000;
constexpr UnixTime kDay = 86'400;

class Chain : public ::testing::Test {
protected:
    [[nodiscard]] testing::CaRequest request() const {
        return {.subject = "leaf",
                .key = key.public_key(),
                .names = {"a.example", "*.b.example"},
                .not_before = kNow - kDay,
                .not_after = kNow + kDay};
    }
    Result<CertificateChain> check(const std::string& pem, std::vector<std::string> names = {"a.example"}) {
        const std::array keys{Digest256{}, crypto::sha256(crypto::p256_spki(key.public_key()))};
        return check_chain(pem, keys, names, kNow);
    }
    std::string refused(const std::string& pem, std::vector<std::string> names = {"a.example"}) {
        const auto checked = check(pem, std::move(names));
        if (checked) return "accepted";
        EXPECT_EQ(checked.error().rule, "E_TLS_CHAIN");
        return std::string(checked.error().where);
    }
    testing::TestCa ca;
    crypto::P256Key key = crypto::P256Key::generate();
};

TEST_F(Chain, IsAcceptedWithAndWithoutItsRoot) {
    const std::string leaf = ca.leaf(request());
    for (const std::string& pem :
         {leaf, leaf + ca.middle(), leaf + ca.middle() + ca.root(), leaf + "\n" + ca.middle() + "\n"}) {
        const auto chain = check(pem, {"a.example", "x.b.example"});
        ASSERT_TRUE(chain) << chain.error().where << chain.error().detail;
        EXPECT_EQ(chain->not_after, kNow + kDay);
        EXPECT_EQ(chain->not_before, kNow - kDay);
        EXPECT_EQ(chain->spki_sha256, crypto::sha256(crypto::p256_spki(key.public_key())));
    }
}

TEST_F(Chain, OfAnotherKeyIsRefused) {
    testing::CaRequest other = request();
    other.key = ca.root_key.public_key();
    const auto checked = check(ca.leaf(other) + ca.middle());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().where, "net.tls.chain.key");
}

TEST_F(Chain, CoversEveryName) {
    const std::string pem = ca.leaf(request()) + ca.middle();
    EXPECT_EQ(refused(pem, {"a.example", "c.example"}), "net.tls.chain.names");
    EXPECT_EQ(refused(pem, {"b.example"}), "net.tls.chain.names");
    EXPECT_EQ(refused(pem, {"127.0.0.1"}), "net.tls.chain.names");
    EXPECT_EQ(refused(pem, {"::1"}), "net.tls.chain.names");
    EXPECT_EQ(refused(pem, {"leaf"}), "net.tls.chain.names") << "the common name says nothing";
}

TEST_F(Chain, IsValidNowInEveryCertificate) {
    testing::CaRequest early = request();
    early.not_before = kNow + 1;
    EXPECT_EQ(refused(ca.leaf(early) + ca.middle()), "net.tls.chain.time");
    testing::CaRequest late = request();
    late.not_after = kNow;
    EXPECT_EQ(refused(ca.leaf(late) + ca.middle()), "net.tls.chain.time");
    ca.until = kNow + 5;
    EXPECT_EQ(check(ca.leaf(request()) + ca.middle())->not_after, kNow + 5);
    ca.until = kNow - 5;
    EXPECT_EQ(refused(ca.leaf(request()) + ca.middle()), "net.tls.chain.time");
}

TEST_F(Chain, IsInOrder) {
    const std::string leaf = ca.leaf(request());
    EXPECT_EQ(refused(ca.middle() + leaf), "net.tls.chain.key");
    EXPECT_EQ(refused(leaf + ca.root()), "net.tls.chain.order");
    EXPECT_EQ(refused(leaf + ca.root() + ca.middle()), "net.tls.chain.order");
    EXPECT_EQ(refused(leaf + ca.middle(false)), "net.tls.chain.order");
    const testing::TestCa stranger;
    EXPECT_EQ(refused(leaf + stranger.middle()), "net.tls.chain.signature");
}

TEST_F(Chain, IsForServers) {
    testing::CaRequest client = request();
    client.usage = "1.3.6.1.5.5.7.3.2";
    EXPECT_EQ(refused(ca.leaf(client) + ca.middle()), "net.tls.chain.purpose");
}

TEST_F(Chain, IsNothingButCertificatesOfABoundedSize) {
    const std::string leaf = ca.leaf(request());
    EXPECT_EQ(refused(""), "net.tls.chain.size");
    EXPECT_EQ(refused("certificate of today\n" + leaf), "net.tls.chain.pem");
    EXPECT_EQ(refused(leaf + key.private_pem_for_tls()), "net.tls.chain.pem");
    EXPECT_EQ(refused(leaf.substr(0, leaf.size() / 2)), "net.tls.chain.pem");
    EXPECT_EQ(refused(crypto::der::to_pem("CERTIFICATE", as_bytes("no DER"))), "net.tls.chain.der");
    std::string many;
    for (std::size_t i = 0; i <= kMostChainCertificates; ++i)
        many += leaf;
    EXPECT_EQ(refused(many), "net.tls.chain.size");
    EXPECT_EQ(refused(leaf + std::string(kMostChainBytes, '\n')), "net.tls.chain.size");
}

/// OpenSSL is another implementation than the one that wrote the request.
TEST(CertificateRequest, IsReadAndVerifiedByAnother) {
    const crypto::P256Key key = crypto::P256Key::generate();
    for (const std::string& first : {std::string("a.example"), std::string(65, 'a')}) {
        const std::string pem = make_certificate_request(key, {first, "10.0.0.1", "::1"});
        BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
        X509_REQ* const request = PEM_read_bio_X509_REQ(bio, nullptr, nullptr, nullptr);
        BIO_free(bio);
        ASSERT_NE(request, nullptr);
        EXPECT_EQ(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
        EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), first.size() > 64 ? 0 : 1);
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(request), &der);
        EXPECT_TRUE(
            equal(ByteView(der, static_cast<std::size_t>(size)), crypto::p256_spki(key.public_key())));
        OPENSSL_free(der);
        STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(request);
        ASSERT_EQ(sk_X509_EXTENSION_num(extensions), 1);
        auto* const names =
            static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(sk_X509_EXTENSION_value(extensions, 0)));
        ASSERT_EQ(sk_GENERAL_NAME_num(names), 3);
        EXPECT_EQ(sk_GENERAL_NAME_value(names, 0)->type, GEN_DNS);
        EXPECT_EQ(sk_GENERAL_NAME_value(names, 1)->type, GEN_IPADD);
        EXPECT_EQ(ASN1_STRING_length(sk_GENERAL_NAME_value(names, 2)->d.iPAddress), 16);
        GENERAL_NAMES_free(names);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        X509_REQ_free(request);
    }
}

}  // namespace
}  // namespace lumoz::net
