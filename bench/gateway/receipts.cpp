// SPDX-License-Identifier: Apache-2.0
// bench-receipts DIR|POSTGRES-URL SECONDS: how many receipts with one signature one thread can make while the
// store keeps each durably. The thread does what an I/O thread does for a receipt: both hashes of 1 KB
// bodies, the text, one secp256k1 signature, the hand-over. At most 256 wait for the disk. Prints
// {"per_second":N}.
#include "crypto/sha2.hpp"
#include "receipt/text.hpp"
#include "store/postgres_store.hpp"
#include "store/sqlite_store.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <semaphore>

namespace {

using namespace lumoz;  // NOLINT(google-build-using-namespace): a program of one file

constexpr std::ptrdiff_t kInFlight = 256;

[[noreturn]] void stop(const Error& error) {
    std::fprintf(stderr, "bench-receipts: %s at %s\n", std::string(error.rule).c_str(),
                 std::string(error.where).c_str());
    std::exit(1);
}

store::Record make(const crypto::Secp256k1Key& key, const std::string& digest, const Bytes& request,
                   Bytes& response, std::uint64_t number) {
    std::memcpy(response.data(), &number, sizeof number);  // every answer is another
    const receipt::RequestHash asked(crypto::sha256(request).bytes);
    const receipt::ResponseHash answered(crypto::sha256(response).bytes);
    receipt::TextSignatures signatures;
    signatures.text = receipt::signature_text(asked, answered);
    signatures.ecdsa = key.sign_personal(signatures.text);
    const std::string id = "rcpt-" + std::to_string(number);
    return {.owner = "bench",
            .receipt_id = id,
            .response_id = "chatcmpl-" + std::to_string(number),
            .keyset_digest = digest,
            .receipt_json = R"({"receipt_id":")" + id + R"(","text":")" + signatures.text + R"("})",
            .signatures = std::move(signatures)};
}

std::unique_ptr<store::ReceiptStore> open_store(const std::string& place, const Clock& clock) {
    if (place.starts_with("postgres://")) {
        store::PostgresOptions options;
        auto target = store::read_pg_target(place, {}, false);
        if (!target) stop(target.error());
        options.target = std::move(*target);
        auto opened = store::open_postgres_store(options, clock);
        if (!opened) stop(opened.error());
        return std::move(*opened);
    }
    auto opened = store::open_sqlite_store({.directory = place}, clock);
    if (!opened) stop(opened.error());
    return std::move(*opened);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::fputs("usage: bench-receipts DIR|POSTGRES-URL SECONDS\n", stderr), 1;
    const SystemClock clock;
    const auto opened = open_store(argv[1], clock);
    store::ReceiptStore& store = *opened;
    const auto key = crypto::Secp256k1Key::generate();
    const std::string digest = "sha256:" + std::string(64, 'a');
    if (const Status put =
            store.put_keyset({.keyset_digest = digest, .signers = {key.address(), {}}, .evidence = "{}"});
        !put)
        stop(put.error());
    const Bytes request(1024, 'q');
    Bytes response(1024, 'a');
    std::counting_semaphore<kInFlight> room(kInFlight);
    std::atomic<std::uint64_t> durable = 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + std::chrono::seconds(std::strtol(argv[2], nullptr, 10));
    for (std::uint64_t number = 0; std::chrono::steady_clock::now() < end; ++number) {
        store::Record record = make(key, digest, request, response, number);
        room.acquire();
        store.append(std::move(record), [&](Status status) {
            if (!status) stop(status.error());
            ++durable;
            room.release();
        });
    }
    for (std::ptrdiff_t slot = 0; slot < kInFlight; ++slot)
        room.acquire();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("{\"per_second\":%.1f}\n", static_cast<double>(durable) / took.count());
}
