// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/tls_front.hpp"

#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "identity/testing.hpp"
#include "net/testing_ca.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace lumoz::app {
namespace {

constexpr UnixTime kDay = 86'400;

class Front : public ::testing::Test {
protected:
    Front() {
        config.tls_listen = "127.0.0.1:0";
        config.tls_names = {"10.0.0.1", "a.example"};
        config.state_dir = (dir / "state").string();
    }

    void open(bool with_chain_file) {
        if (with_chain_file) config.tls_chain_file = (dir / "chain.pem").string();
        config.tls_names = with_chain_file ? std::vector<std::string>{"a.example"} : config.tls_names;
        auto made = TlsFront::open(config, clock);
        ASSERT_TRUE(made) << made.error().detail;
        front = std::move(*made);
        renew();
    }
    /// What a rotation does.
    void renew() {
        auto face = front->next(7 * kDay);
        ASSERT_TRUE(face) << face.error().rule;
        front->in_force(*face);
    }
    [[nodiscard]] std::string request() const {
        std::ifstream in(dir / "state" / "tls" / "request.pem");
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// The key that the request is for: SubjectPublicKeyInfo of P-256 keys begins with the same bytes.
    [[nodiscard]] crypto::P256Public requested() const {
        const auto blocks = crypto::der::parse_pem(request());
        EXPECT_EQ(blocks->front().label, "CERTIFICATE REQUEST");
        const ByteView der = blocks->front().der;
        const Bytes start = crypto::p256_spki({});
        const auto at = std::ranges::search(der, ByteView(start).first(27)).begin() - der.begin();
        crypto::P256Public key;
        std::ranges::copy(der.subspan(static_cast<std::size_t>(at) + 27, 64), key.bytes.begin());
        return key;
    }
    void write_chain(const std::string& pem) { std::ofstream(config.tls_chain_file) << pem; }
    [[nodiscard]] std::string chain_for(const crypto::P256Public& key, UnixTime lasts = 30 * kDay) const {
        return ca.chain(key, {"a.example"}, clock.now() - kDay, clock.now() + lasts);
    }
    [[nodiscard]] crypto::P256Public key() const { return front->face()->key->public_key(); }
    [[nodiscard]] std::string warning() const { return front->warning(std::chrono::hours(24 * 14)); }

    const lumoz::testing::ScratchFolder folder;
    const std::filesystem::path& dir = folder.path();
    identity::testing::MovableClock clock;
    gateway::Config config;
    net::testing::TestCa ca;
    std::unique_ptr<TlsFront> front;
};

TEST_F(Front, SelfSignedEachLifeHasItsKey) {
    open(false);
    const crypto::P256Public first = key();
    EXPECT_EQ(front->face()->domain, "a.example");
    EXPECT_FALSE(front->face()->chain_not_after);
    EXPECT_EQ(front->face()->context->spki_sha256(), crypto::sha256(crypto::p256_spki(first)));
    EXPECT_FALSE(front->poll(true));
    EXPECT_EQ(warning(), "");
    EXPECT_EQ(request(), "");
    renew();
    EXPECT_NE(key(), first);
}

TEST_F(Front, AKeyThatIsToBeCertifiedGoesOn) {
    open(true);
    const crypto::P256Public first = key();
    EXPECT_EQ(requested(), first);
    const std::string certificate = front->face()->certificate_pem;
    clock.time += 3 * kDay;
    renew();
    EXPECT_EQ(key(), first);
    EXPECT_NE(front->face()->certificate_pem, certificate);
    EXPECT_EQ(warning(), "self-signed: no certificate for the request in " +
                             (dir / "state" / "tls" / "request.pem").string());
}

TEST_F(Front, AChainIsTakenAndItsSuccessorIsForANewKey) {
    open(true);
    const crypto::P256Public first = key();
    EXPECT_FALSE(front->poll());
    write_chain(chain_for(first));
    EXPECT_TRUE(front->poll());
    EXPECT_FALSE(front->face()->chain_not_after) << "until keys were renewed";
    renew();
    EXPECT_FALSE(front->poll());
    EXPECT_EQ(key(), first);
    EXPECT_EQ(front->face()->chain_not_after, clock.now() + 30 * kDay);
    EXPECT_EQ(warning(), "");
    const crypto::P256Public second = requested();
    EXPECT_NE(second, first);
    // Rotations in between keep the certified key.
    renew();
    EXPECT_EQ(key(), first);
    EXPECT_EQ(requested(), second);
    clock.time += 17 * kDay;
    EXPECT_EQ(warning(), "the certificate runs out in 1123200 s");
    write_chain(chain_for(second));
    EXPECT_TRUE(front->poll());
    renew();
    EXPECT_EQ(key(), second);
    EXPECT_NE(requested(), second);
    EXPECT_EQ(warning(), "");
}

TEST_F(Front, TheSameKeyMayBeCertifiedAgain) {
    open(true);
    const crypto::P256Public first = key();
    write_chain(chain_for(first));
    EXPECT_TRUE(front->poll());
    renew();
    const crypto::P256Public next = requested();
    write_chain(chain_for(first, 60 * kDay));
    EXPECT_TRUE(front->poll());
    renew();
    EXPECT_EQ(key(), first);
    EXPECT_EQ(front->face()->chain_not_after, clock.now() + 60 * kDay);
    EXPECT_EQ(requested(), next);
}

TEST_F(Front, ABadChainChangesNothing) {
    open(true);
    write_chain(chain_for(key()));
    EXPECT_TRUE(front->poll());
    renew();
    const SharedFace before = front->face();
    write_chain(chain_for(ca.root_key.public_key()));
    EXPECT_FALSE(front->poll());
    EXPECT_EQ(warning(), "refused: E_TLS_CHAIN net.tls.chain.key");
    renew();
    EXPECT_EQ(front->face()->certificate_pem, before->certificate_pem);
    std::filesystem::remove(config.tls_chain_file);
    EXPECT_FALSE(front->poll());
    EXPECT_EQ(warning(), "") << "a file that is gone is no trouble while the certificate is good";
    write_chain(std::string(net::kMostChainBytes + 10, ' '));
    EXPECT_FALSE(front->poll());
    EXPECT_EQ(warning(), "refused: E_TLS_CHAIN net.tls.chain.size");
}

TEST_F(Front, AChainThatEndsIsReplacedBySelfSigned) {
    open(true);
    const crypto::P256Public first = key();
    write_chain(chain_for(first, kDay));
    EXPECT_TRUE(front->poll());
    renew();
    clock.time += kDay;
    EXPECT_TRUE(front->poll());
    renew();
    EXPECT_FALSE(front->poll());
    EXPECT_EQ(key(), first);
    EXPECT_FALSE(front->face()->chain_not_after);
    EXPECT_TRUE(warning().starts_with("self-signed")) << warning();
}

TEST_F(Front, AChainThatWaitsAtTheStartIsOfAnotherLife) {
    config.tls_chain_file = (dir / "chain.pem").string();
    write_chain(chain_for(ca.root_key.public_key()));
    open(true);
    EXPECT_FALSE(front->face()->chain_not_after);
    EXPECT_TRUE(warning().ends_with("refused: E_TLS_CHAIN net.tls.chain.key")) << warning();
}

TEST_F(Front, ARequestThatCannotBeWrittenStopsTheStart) {
    config.tls_chain_file = (dir / "chain.pem").string();
    config.tls_names = {"a.example"};
    config.tls_request_file = "/proc/nothing/request.pem";
    const auto made = TlsFront::open(config, clock);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().rule, "E_TLS_REQUEST");
}

}  // namespace
}  // namespace lumoz::app
