// SPDX-License-Identifier: Apache-2.0
// What the tests of the store share: a scratch folder, a movable clock, records, waiting for an answer.
#pragma once

#include "base/testing.hpp"
#include "store/sqlite_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>
#include <latch>

namespace lumoz::store::testing {

using lumoz::testing::ScratchFolder;

class MovableClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return time.load(); }
    std::atomic<UnixTime> time{1'750'000'000};
};

inline const std::string kDigest = "sha256:" + std::string(64, 'a');

inline KeysetEvidence keyset(const std::string& digest = kDigest, std::string evidence = "{}") {
    KeysetEvidence out;
    out.keyset_digest = digest;
    out.made_at = 1'750'000'000;
    out.not_after = out.made_at + 7 * 24 * 3600;
    out.signers.ecdsa.bytes.fill(0x11);
    out.signers.ed25519.bytes.fill(0x22);
    out.evidence = std::move(evidence);
    return out;
}

inline Record record(std::string owner, std::string receipt_id, std::optional<std::string> response_id,
                     UnixTime served_at = 1'750'000'000, std::size_t size = 1000) {
    Record out;
    out.owner = std::move(owner);
    out.receipt_json = "{\"receipt_id\":\"" + receipt_id + "\",\"pad\":\"" + std::string(size, 'x') + "\"}";
    out.receipt_id = std::move(receipt_id);
    out.response_id = std::move(response_id);
    out.keyset_digest = kDigest;
    out.served_at = served_at;
    receipt::RequestHash request;
    request.bytes.fill(0x33);
    out.signatures = receipt::TextSignatures{receipt::signature_text(request, {}), {}, {}};
    out.signatures->ecdsa.bytes.fill(0x44);
    out.signatures->ed25519.bytes.fill(0x55);
    return out;
}

/// Appends and waits for the answer.
inline Status append(ReceiptStore& store, Record record) {
    auto promise = std::make_shared<std::promise<Status>>();
    auto answer = promise->get_future();
    store.append(std::move(record), [promise](Status status) { promise->set_value(std::move(status)); });
    return answer.get();
}

/// What was opened, with a keyset of its own; null and a failure of the test when that went wrong.
inline std::unique_ptr<ReceiptStore> with_keyset(Result<std::unique_ptr<ReceiptStore>> opened,
                                                 KeysetEvidence keys = keyset()) {
    if (!opened) {
        ADD_FAILURE() << opened.error().rule << " " << opened.error().where << " " << opened.error().detail;
        return nullptr;
    }
    const Status put = (*opened)->put_keyset(std::move(keys));
    EXPECT_TRUE(put) << put.error().detail;
    return std::move(*opened);
}

/// Receipt id of what is found; `none`, or the rule of the error.
inline std::string found_id(ReceiptStore& store, std::optional<std::string_view> owner, std::string_view id) {
    const auto found = store.find(owner, id);
    if (!found) return std::string(found.error().rule);
    return *found ? (*found)->record.receipt_id : "none";
}

/// The evidence of a keyset; `none`, or the rule of the error.
inline std::string evidence_of(ReceiptStore& store, std::string_view digest) {
    const auto found = store.keyset(digest);
    if (!found) return std::string(found.error().rule);
    return *found ? (*found)->evidence : "none";
}

/// Holds the writer thread up in the answer to one record, until `release`.
class HeldWriter {
public:
    HeldWriter(ReceiptStore& store, Record record) {
        store.append(std::move(record), [this](const Status&) {
            stopped_.count_down();
            go_on_.wait();
        });
        stopped_.wait();
    }
    void release() { go_on_.count_down(); }

private:
    std::latch stopped_{1}, go_on_{1};
};

/// A record of an answer that cost something.
inline Record answer(std::string owner, std::string id, std::string model, std::optional<Usage> usage,
                     UnixTime at = 1'750'000'000) {
    Record out = record(std::move(owner), std::move(id), std::nullopt, at);
    out.model = std::move(model);
    out.usage = usage;
    return out;
}

/// `model requests input/output` of each, comma between.
inline std::string told(const Result<std::vector<UsageTotal>>& totals) {
    if (!totals) return std::string(totals.error().rule);
    std::string out;
    for (const UsageTotal& total : *totals) {
        out += (out.empty() ? "" : ", ") + total.model + " " + std::to_string(total.requests) + " " +
               std::to_string(total.usage.input_tokens) + "/" + std::to_string(total.usage.output_tokens);
    }
    return out;
}

inline SqliteOptions options(const std::filesystem::path& folder) {
    SqliteOptions out;
    out.directory = folder / "store";
    out.min_free_bytes = 1;
    out.ballast_bytes = 0;
    return out;
}

}  // namespace lumoz::store::testing
