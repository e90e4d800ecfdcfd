// SPDX-License-Identifier: Apache-2.0
// bench-verify VECTORS: a TDX V4 and an SGX V3 quote with their whole collateral, cold and warm, against the
// ECDSA verifications (keys and signatures ready) and hashes that no verifier can leave out, interleaved in
// one run; then one platform's quotes with one prepared collateral on all cores. Prints rows as scripts/bench
// wants them.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "evidence/pck.hpp"
#include "verify/tdx.hpp"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

// Every allocation and every ECDSA verification of the program is counted.
namespace {
thread_local std::uint64_t allocations = 0;
thread_local std::uint64_t verifications = 0;
}  // namespace
extern "C" {
// The linker sends calls of ECDSA_do_verify here and knows the real one by the other name.
// NOLINTBEGIN(bugprone-reserved-identifier)
int __real_ECDSA_do_verify(const unsigned char*, int, const ECDSA_SIG*, EC_KEY*);
int __wrap_ECDSA_do_verify(const unsigned char* digest, int size, const ECDSA_SIG* signature, EC_KEY* key) {
    ++verifications;
    return __real_ECDSA_do_verify(digest, size, signature, key);
}
// NOLINTEND(bugprone-reserved-identifier)
}
void* operator new(std::size_t size) {
    ++allocations;
    if (void* p = std::malloc(size)) return p;
    std::abort();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace {

using namespace lumoz;  // NOLINT(google-build-using-namespace): a program of one file
using Steady = std::chrono::steady_clock;

[[noreturn]] void stop(const char* why) {
    std::fprintf(stderr, "bench-verify: %s\n", why);
    std::exit(1);
}

template <class T>
T get(Result<T> result, const char* what) {
    if (!result) stop(what);
    return *std::move(result);
}

/// What OpenSSL needs for one verification, made beforehand.
class Unavoidable {
public:
    Unavoidable(const crypto::P256Public& key, ByteView message, const crypto::P256Signature& signature)
        : message_(to_bytes(message)),
          key_(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)),
          signature_(ECDSA_SIG_new()) {
        Bytes point{0x04};
        append(point, key.view());
        BIGNUM* r = BN_bin2bn(signature.bytes.data(), 32, nullptr);
        BIGNUM* s = BN_bin2bn(signature.bytes.data() + 32, 32, nullptr);
        if (EC_KEY_oct2key(key_.get(), point.data(), point.size(), nullptr) != 1 ||
            ECDSA_SIG_set0(signature_.get(), r, s) != 1)
            stop("baseline key");
    }
    void run() const {
        std::array<std::uint8_t, 32> digest{};
        if (EVP_Digest(message_.data(), message_.size(), digest.data(), nullptr, sha256(), nullptr) != 1 ||
            ECDSA_do_verify(digest.data(), digest.size(), signature_.get(), key_.get()) != 1)
            stop("a signature of the baseline does not hold");
    }

private:
    struct Free {
        void operator()(EC_KEY* p) const { EC_KEY_free(p); }
        void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }
    };
    static const EVP_MD* sha256() {
        static const EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        return kFetched;
    }
    Bytes message_;
    std::unique_ptr<EC_KEY, Free> key_;
    std::unique_ptr<ECDSA_SIG, Free> signature_;
};

/// A quote, what it needs, and the signatures in it: [0] quote, [1] QE report, [2] PCK leaf, [3…9]
/// collateral.
struct Subject {
    Bytes quote;
    evidence::Collateral collateral;
    verify::RootPins roots;
    UnixTime now = 0;
    std::vector<Unavoidable> signatures;

    /// `root`: a certificate that is accepted beside Intel's; may be empty.
    Subject(const std::string& vectors, const std::string& name, const std::string& bundle, const char* at,
            const std::string& root = {}) {
        const auto read = [&](const std::string& file) {
            return testing::read_file(vectors + "/tdx/" + file);
        };
        quote = to_bytes(as_bytes(read("quotes/" + name)));
        collateral = get(evidence::Collateral::parse(read("collateral/" + bundle)), "collateral");
        if (!root.empty())
            roots.also_accept(get(evidence::Certificate::parse(as_bytes(read(root))), "root").spki_digest());
        now = get(parse_rfc3339(at), "time");
        const auto parsed = get(evidence::Quote::parse(quote), "quote");
        const auto certificates = [](std::string_view pem) {
            std::vector<evidence::Certificate> out;
            for (const Bytes& der : get(evidence::split_certificates(pem), "chain"))
                out.push_back(get(evidence::Certificate::parse(der), "certificate"));
            return out;
        };
        const auto pck = certificates(as_text(parsed.cert_data()));
        const auto tcb = certificates(collateral.tcb_info_issuer_chain);
        const auto key = get(crypto::P256Public::from(parsed.attestation_key()), "key");
        const auto raw = [](ByteView v) { return get(crypto::P256Signature::from(v), "signature"); };
        const auto hex = [&](std::string_view t) { return raw(get(from_hex(t), "signature")); };
        signatures.emplace_back(key, parsed.signed_range(), raw(parsed.signature()));
        signatures.emplace_back(pck[0].key, parsed.qe_report(), raw(parsed.qe_report_signature()));
        for (std::size_t i = 0; i < 3; ++i)
            signatures.emplace_back(pck[std::min<std::size_t>(i + 1, 2)].key, pck[i].tbs(), pck[i].signature);
        signatures.emplace_back(pck[2].key, tcb[0].tbs(), tcb[0].signature);
        const auto crl = [&](const std::string& text, const crypto::P256Public& issuer) {
            const auto list = get(evidence::Crl::parse(get(evidence::decode_crl(text), "crl")), "crl");
            signatures.emplace_back(issuer, list.tbs(), list.signature);
        };
        crl(collateral.root_ca_crl, pck[2].key);
        crl(collateral.pck_crl, pck[1].key);
        signatures.emplace_back(tcb[0].key, as_bytes(collateral.tcb_info),
                                hex(collateral.tcb_info_signature));
        signatures.emplace_back(tcb[0].key, as_bytes(collateral.qe_identity),
                                hex(collateral.qe_identity_signature));
    }
};

double micros(const std::function<void()>& work) {
    const auto begin = Steady::now();
    work();
    return std::chrono::duration<double, std::micro>(Steady::now() - begin).count();
}

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

bool first_row = true;

void row(const std::string& name, const char* unit, double ours, double baseline, const std::string& what,
         const std::string& goal, bool met) {
    std::fprintf(stderr, "  %s: %.1f %s, %s %.1f, ratio %.3f, goal %s: %s\n", name.c_str(), ours, unit,
                 what.c_str(), baseline, ours / baseline, goal.c_str(), met ? "met" : "NOT MET");
    json::Writer out;
    out.object().key("name").string(name).key("unit").string(unit);
    std::printf("%s", first_row ? "[" : ",\n");
    first_row = false;
    // Numbers with a fraction are not part of the project's JSON: results here are for people and tables.
    std::string head = std::move(out.end()).text();
    head.pop_back();
    json::Writer tail;
    tail.object().key("baseline_name").string(what).key("goal").string(goal).key("met").boolean(met).end();
    std::printf("%s,\"ours\":%.3f,\"baseline\":%.3f,\"ratio\":%.4f,%s", head.c_str(), ours, baseline,
                ours / baseline, std::move(tail).text().substr(1).c_str());
}

constexpr int kRounds = 301;

/// The key objects that a thread keeps are those of other keys afterwards.
void forget_keys() {
    static const std::vector<crypto::P256Public> kOthers = [] {
        std::vector<crypto::P256Public> out;
        for (int i = 0; i < 8; ++i)
            out.push_back(crypto::P256Key::generate().public_key());
        return out;
    }();
    for (const auto& key : kOthers)
        (void)crypto::p256_check_point(key);
}

/// Median times in µs.
struct Pair {
    double ours = 0;
    double one_signature = 0;  ///< of the baseline
};

/// Medians of `work` and of the first `count` signatures, in turn. `fresh`: without key objects of the call
/// before.
Pair compare(const std::string& name, const Subject& subject, std::size_t count, double most, bool fresh,
             const std::function<void()>& work) {
    std::vector<double> ours, theirs;
    work();
    allocations = verifications = 0;
    work();
    const std::string made =
        std::to_string(verifications) + " made, " + std::to_string(allocations) + " allocations";
    for (int i = 0; i < kRounds; ++i) {
        if (fresh) forget_keys();
        ours.push_back(micros(work));
        theirs.push_back(micros([&] {
            for (std::size_t k = 0; k < count; ++k)
                subject.signatures[k].run();
        }));
    }
    const double a = median(ours), b = median(theirs);
    char goal[32];
    std::snprintf(goal, sizeof goal, "<= %.2f x", most);
    row(name, "µs", a, b, std::to_string(count) + " P-256 verifications and hashes (" + made + ")", goal,
        a <= most * b);
    return {a, b / static_cast<double>(count)};
}

/// The best peer took 1,136 µs where one verification took 81 µs, warm or cold: 14.0 of them.
void against_peer(const std::string& name, const Pair& pair, double faster) {
    constexpr double kPeer = 1136.0 / 81.0;
    const double a = pair.ours / pair.one_signature;
    char goal[32];
    std::snprintf(goal, sizeof goal, "<= 1/%.0f x", faster);
    row(name + ", in times of one P-256 verification", "x", a, kPeer, "dcap-qvl, best build", goal,
        a * faster <= kPeer);
}

void expect_accepted(const verify::TdxVerdict& verdict) {
    if (!verdict.tdx) stop("a genuine quote is refused");
}

void kind(const std::string& name, const Subject& subject) {
    const auto cold = [&] {
        expect_accepted(verify::verify_tdx(subject.quote, subject.collateral, subject.roots, subject.now));
    };
    against_peer(name + " cold", compare(name + " cold", subject, 10, 1.25, true, cold), 1);
    const auto family = verify::PreparedCollateral::prepare(subject.collateral, subject.roots);
    compare(name + " warm, new PCK leaf", subject, 3, 1.2, true,
            [&] { expect_accepted(verify::verify_tdx(subject.quote, family, subject.now)); });
    const auto known =
        verify::PreparedCollateral::prepare_for(subject.quote, subject.collateral, subject.roots);
    const auto warm = [&] { expect_accepted(verify::verify_tdx(subject.quote, known, subject.now)); };
    against_peer(name + " warm", compare(name + " warm, known PCK leaf", subject, 2, 1.15, true, warm), 6);
}

/// Runs `work` `each` times on each of `threads` threads; runs per second.
double per_second(unsigned threads, int each, const std::function<void()>& work) {
    const double took = micros([&] {
        std::vector<std::jthread> pool;
        for (unsigned t = 0; t < threads; ++t)
            pool.emplace_back([&] {
                for (int i = 0; i < each; ++i)
                    work();
            });
    });
    return each * static_cast<double>(threads) / took * 1e6;
}

/// Many quotes of one platform with one prepared collateral. Cores that other programs use do not scale, so
/// the signatures alone are run on as many threads, in turn: what they gain is what the machine gives.
void batch(const Subject& subject) {
    constexpr int kEach = 300;
    const auto prepared =
        verify::PreparedCollateral::prepare_for(subject.quote, subject.collateral, subject.roots);
    const unsigned cores = std::max(2U, std::thread::hardware_concurrency());
    const auto ours = [&] { expect_accepted(verify::verify_tdx(subject.quote, prepared, subject.now)); };
    const auto theirs = [&] {
        subject.signatures[0].run();
        subject.signatures[1].run();
    };
    std::vector<double> one, all, gain, possible;
    for (int i = 0; i < 31; ++i) {
        one.push_back(per_second(1, kEach, ours));
        const double plain_one = per_second(1, kEach, theirs);
        all.push_back(per_second(cores, kEach, ours));
        const double plain_all = per_second(cores, kEach, theirs);
        gain.push_back(all.back() / one.back());
        possible.push_back(plain_all / plain_one);
    }
    std::fprintf(stderr, "  batch: %.0f quotes/s on one thread, %.0f on %u\n", median(one), median(all),
                 cores);
    const double a = median(gain), b = median(possible);
    row("batch of quotes with one prepared collateral: gain of " + std::to_string(cores) +
            " threads over one",
        "x", a, b, "gain of the signatures alone", ">= 0.9 x", a >= 0.9 * b);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: bench-verify VECTORS\n", stderr), 1;
    const Subject tdx(argv[1], "real/4b23198a.bin", "real/G_tdx_00806F05_2025-10.json",
                      "2025-10-31T14:17:11Z");
    const Subject sgx(argv[1], "real/77bcbdfa.bin", "real/H_sgx_00606A_2025-08.json", "2025-08-30T05:09:06Z");
    // Nothing of another root is known beforehand.
    const Subject other(argv[1], "syn/ok-crl-upper-hex.bin", "syn/crl-pck-other-serials.json",
                        "2026-01-15T00:00:00Z", "roots/synthetic-root-ca.der");
    kind("TDX V4 quote", tdx);
    kind("SGX V3 quote", sgx);
    compare("TDX V4 quote cold, root that is not built in", other, 10, 1.25, true, [&] {
        expect_accepted(verify::verify_tdx(other.quote, other.collateral, other.roots, other.now));
    });
    batch(tdx);
    std::printf("]\n");
}
