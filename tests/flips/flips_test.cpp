// SPDX-License-Identifier: Apache-2.0
// Every byte of every genuine quote and of every signed document of its collateral with one bit changed, and
// every length of a quote: none is accepted but the one that decisions allow (zeros behind a quote). One bit
// of each byte, all eight with LUMOZ_FULL. Flips act on quote bytes, decoded DER, decoded signatures and
// exact JSON.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/der.hpp"
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "verify/tdx.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace lumoz::verify {
namespace {

/// A genuine quote and the collateral with which it is accepted.
struct Genuine {
    std::string id;
    Bytes quote;
    evidence::Collateral collateral;
    RootPins roots;
    UnixTime now = 0;
};

std::string text(const json::Value& object, std::string_view name) {
    const auto value = object.find(name);
    return value ? value->as_string().value_or("") : "";
}

/// One case for each quote and for each collateral bundle.
std::vector<Genuine> genuine_cases() {
    std::vector<Genuine> out;
    const auto vectors = testing::vectors_dir();
    if (!vectors) return out;
    const std::filesystem::path dir = *vectors / "tdx";
    const std::string manifest = testing::read_file(dir / "MANIFEST.json");
    const auto document =
        json::Document::parse(manifest, {.max_bytes = std::size_t{64} << 20, .max_depth = 16});
    if (!document) return out;
    std::set<std::string> seen;
    for (const json::Value& c : document->root().find("cases")->elements()) {
        if (text(c, "kind") != "verify" || !text(c, "quote").starts_with("quotes/real/")) continue;
        if (text(*c.find("expect"), "result") == "reject") continue;
        const bool new_quote = seen.insert(text(c, "quote")).second;
        const bool new_bundle = seen.insert(text(c, "collateral")).second;
        if (!new_quote && !new_bundle) continue;
        Genuine g;
        g.id = text(c, "id");
        g.quote = to_bytes(as_bytes(testing::read_file(dir / text(c, "quote"))));
        g.collateral = *evidence::Collateral::parse(testing::read_file(dir / text(c, "collateral")));
        const auto root = document->root().find("roots")->find(text(c, "root"));
        g.roots.also_accept(*fixed_from_hex<Digest256>(text(*root, "spki_sha256")));
        g.now = *parse_rfc3339(text(c, "now"));
        out.push_back(std::move(g));
    }
    return out;
}

const std::vector<Genuine>& cases() {
    static const std::vector<Genuine> kCases = genuine_cases();
    return kCases;
}

bool full() {
    return std::getenv("LUMOZ_FULL") != nullptr;
}

/// Runs `work(i)` for 0 to n-1 on all cores.
void parallel(std::size_t n, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t)
        threads.emplace_back([&] {
            for (std::size_t i = next++; i < n; i = next++)
                work(i);
        });
}

struct Count {
    std::atomic<std::size_t> tried{0}, accepted{0};
    std::mutex mutex;
    std::string first;
    void add(bool accept, const std::string& what) {
        ++tried;
        if (!accept) return;
        ++accepted;
        const std::lock_guard lock(mutex);
        if (first.empty()) first = what;
    }
};

/// Calls `verify` with each flipped copy of `original`.
template <class Verify>
void flip_all(const Bytes& original, const std::string& what, Count& count, Verify verify) {
    const std::size_t bits = full() ? 8 : 1;
    parallel(original.size(), [&](std::size_t i) {
        Bytes bent = original;
        for (std::size_t b = 0; b < bits; ++b) {
            const auto mask = static_cast<std::uint8_t>(1U << (full() ? b : (i * 5 + 3) % 8));
            bent[i] ^= mask;
            count.add(verify(bent), what + " byte " + std::to_string(i));
            bent[i] ^= mask;
        }
    });
}

#define NEED_CASES() \
    if (cases().empty()) GTEST_SKIP() << "no shared vectors"

TEST(Flips, OfEveryQuoteAreRefused) {
    NEED_CASES();
    Count count;
    std::set<Bytes> seen;
    for (const Genuine& g : cases()) {
        if (!seen.insert(g.quote).second) continue;
        const auto prepared = PreparedCollateral::prepare(g.collateral, g.roots);
        ASSERT_TRUE(verify_tdx(g.quote, prepared, g.now).tdx) << g.id;
        flip_all(g.quote, g.id, count,
                 [&](const Bytes& bent) { return verify_tdx(bent, prepared, g.now).tdx.has_value(); });
    }
    std::cout << "quotes " << seen.size() << ", flips " << count.tried << ", accepted " << count.accepted
              << "\n";
    EXPECT_EQ(count.accepted, 0U) << count.first;
}

TEST(Flips, EveryLengthOfEveryQuoteIsAsDecided) {
    NEED_CASES();
    Count cut, longer;
    std::set<Bytes> seen;
    for (const Genuine& g : cases()) {
        if (!seen.insert(g.quote).second) continue;
        const auto prepared = PreparedCollateral::prepare(g.collateral, g.roots);
        const std::size_t end = evidence::Quote::parse(g.quote)->parts().signature_section.end();
        parallel(end, [&](std::size_t size) {
            cut.add(verify_tdx(ByteView(g.quote).first(size), prepared, g.now).tdx.has_value(),
                    g.id + " cut " + std::to_string(size));
        });
        Bytes bare(g.quote.begin(), g.quote.begin() + static_cast<std::ptrdiff_t>(end));
        EXPECT_TRUE(verify_tdx(bare, prepared, g.now).tdx) << g.id;
        for (const std::size_t zeros : {std::size_t{1}, std::size_t{4096}, 65536 - end}) {
            Bytes padded = bare;
            padded.resize(end + zeros);
            EXPECT_TRUE(verify_tdx(padded, prepared, g.now).tdx) << g.id << " " << zeros;
            padded.back() = 1;
            longer.add(verify_tdx(padded, prepared, g.now).tdx.has_value(), g.id + " longer");
        }
        bare.resize(65537);
        longer.add(verify_tdx(bare, prepared, g.now).tdx.has_value(), g.id + " too long");
    }
    std::cout << "cuts " << cut.tried << ", extensions " << longer.tried << ", accepted "
              << cut.accepted + longer.accepted << "\n";
    EXPECT_EQ(cut.accepted, 0U) << cut.first;
    EXPECT_EQ(longer.accepted, 0U) << longer.first;
}

/// One signed document inside a bundle, as bytes that can be changed and put back.
struct Document {
    std::string name;
    Bytes bytes;
    std::function<void(evidence::Collateral&, const Bytes&)> put;
};

std::vector<Document> documents(const evidence::Collateral& bundle) {
    using evidence::Collateral;
    std::vector<Document> out;
    const auto plain = [&](const char* name, std::string Collateral::* member) {
        out.push_back({name, to_bytes(as_bytes(bundle.*member)),
                       [member](Collateral& c, const Bytes& b) { c.*member = as_text(b); }});
    };
    const auto hex = [&](const char* name, std::string Collateral::* member) {
        out.push_back({name, *from_hex(bundle.*member),
                       [member](Collateral& c, const Bytes& b) { c.*member = to_hex(b); }});
    };
    const auto crl = [&](const char* name, std::string Collateral::* member) {
        out.push_back({name, *evidence::decode_crl(bundle.*member),
                       [member](Collateral& c, const Bytes& b) { c.*member = to_hex(b); }});
    };
    const auto chain = [&](const char* name, std::string Collateral::* member) {
        const std::vector<Bytes> ders = *evidence::split_certificates(bundle.*member);
        for (std::size_t i = 0; i < ders.size(); ++i)
            out.push_back({name + std::string(" ") + std::to_string(i), ders[i],
                           [member, ders, i](Collateral& c, const Bytes& b) {
                               std::string pem;
                               for (std::size_t k = 0; k < ders.size(); ++k)
                                   pem += crypto::der::to_pem("CERTIFICATE", k == i ? b : ders[k]);
                               c.*member = pem;
                           }});
    };
    plain("tcb_info", &Collateral::tcb_info);
    plain("qe_identity", &Collateral::qe_identity);
    hex("tcb_info_signature", &Collateral::tcb_info_signature);
    hex("qe_identity_signature", &Collateral::qe_identity_signature);
    crl("root_ca_crl", &Collateral::root_ca_crl);
    crl("pck_crl", &Collateral::pck_crl);
    chain("tcb_info_issuer_chain", &Collateral::tcb_info_issuer_chain);
    chain("qe_identity_issuer_chain", &Collateral::qe_identity_issuer_chain);
    return out;
}

TEST(Flips, OfEverySignedDocumentAreRefused) {
    NEED_CASES();
    Count count;
    std::set<std::pair<std::string, Digest256>> seen;
    for (const Genuine& g : cases()) {
        for (const Document& d : documents(g.collateral)) {
            if (!seen.insert({d.name, crypto::sha256(d.bytes)}).second) continue;
            evidence::Collateral same = g.collateral;
            d.put(same, d.bytes);
            ASSERT_TRUE(verify_tdx(g.quote, same, g.roots, g.now).tdx) << g.id << " " << d.name;
            flip_all(d.bytes, g.id + " " + d.name, count, [&](const Bytes& bent) {
                evidence::Collateral other = g.collateral;
                d.put(other, bent);
                return verify_tdx(g.quote, other, g.roots, g.now).tdx.has_value();
            });
        }
    }
    std::cout << "documents " << seen.size() << ", flips " << count.tried << ", accepted " << count.accepted
              << "\n";
    EXPECT_EQ(count.accepted, 0U) << count.first;
}

}  // namespace
}  // namespace lumoz::verify
