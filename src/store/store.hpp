// SPDX-License-Identifier: Apache-2.0
// Where receipts live: what a store promises, whatever holds the rows. A record is durable before its
// callback says so; a record that was not stored is answered by an error, never by silence. A store keeps
// hashes and signatures only, never a prompt or an answer.
#pragma once

#include "receipt/signer.hpp"

#include <functional>
#include <memory>

namespace lumoz::store {

/// What an answer cost, in the engine's own count.
struct Usage {
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
};
/// What the answers of one model to one owner cost together.
struct UsageTotal {
    std::string model;
    std::uint64_t requests = 0;
    Usage usage;
};

/// One exchange. `signatures` is absent exactly when the answer was cut.
struct Record {
    std::string owner;                       ///< name of the credential; empty without authentication
    std::string receipt_id;                  ///< 1 to 128 bytes
    std::optional<std::string> response_id;  ///< the engine's id, 1 to 128 bytes
    std::string keyset_digest;               ///< of a keyset given by put_keyset
    std::string receipt_json;                ///< at most kMaxReceiptBytes
    std::optional<receipt::TextSignatures> signatures;
    UnixTime served_at = 0;
    /// Served here, at most kMaxModelBytes; empty for a refusal. Counted, not kept: `find` gives it empty.
    std::string model = {};
    std::optional<Usage> usage = {};  ///< absent: the engine did not say; counted, not kept
};
inline constexpr std::size_t kMaxReceiptBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr std::size_t kMaxModelBytes = 256;

/// A record as it is found again, with the addresses of the keys that signed it.
struct StoredRecord {
    Record record;
    receipt::SignerAddresses signers;
};

/// The keys of one life of the service and the evidence of their birth (decision 3).
struct KeysetEvidence {
    std::string keyset_digest;  ///< `sha256:` + 64 hex
    UnixTime made_at = 0;
    UnixTime not_after = 0;
    receipt::SignerAddresses signers;
    std::string evidence;  ///< the CMW collection, JSON; at most 8 MiB; may be empty
};
inline constexpr std::size_t kMaxEvidenceBytes = std::size_t{8} << 20;
/// Keysets of one process whose requests may still bring records.
inline constexpr std::size_t kOwnKeysets = 16;
/// Of one owner, in the answer of ReceiptStore::usage.
inline constexpr std::size_t kMaxUsageModels = 4096;

enum class Durability : std::uint8_t {
    /// `done` after the transaction is on the disk: an answer that was given has its receipt after a crash.
    Full,
    /// `done` at the hand-over to the queue: a crash loses what was queued, though those answers were given.
    Relaxed,
};

struct StoreCounters {
    std::uint64_t appended = 0;    ///< records durable (relaxed: written)
    std::uint64_t commits = 0;     ///< transactions
    std::uint64_t failed = 0;      ///< records answered by an error
    std::uint64_t refused = 0;     ///< of these: the queue was full
    std::uint64_t deleted = 0;     ///< records past their retention
    std::uint64_t queued = 0;      ///< waiting now
    std::uint64_t bytes_used = 0;  ///< of the database, free pages not counted
    std::uint64_t bytes_free = 0;  ///< of the file system
};

class ReceiptStore {
public:
    /// Called once, on the writer's thread after the commit; on the caller's thread when the answer is known
    /// at once (queue full, bad record, and with relaxed durability always). Must not block.
    using Done = std::move_only_function<void(Status)>;

    virtual ~ReceiptStore() = default;
    /// Thread-safe. Errors given to `done`: `E_STORE_BUSY` (queue full), `E_STORE_RECORD` (a bound of
    /// Record), `E_STORE_KEYSET` (unknown keyset), `E_STORE_FULL`, `E_STORE_READONLY`, `E_STORE_CORRUPT`,
    /// `E_STORE_IO`, `E_STORE_CLOSED`.
    virtual void append(Record record, Done done) = 0;
    /// Receipt id first, then response id, the newest of equals (decision 14). Without `owner` any owner's.
    /// Thread-safe, beside the writer. `E_STORE_CORRUPT`, `E_STORE_IO`.
    virtual Result<std::optional<StoredRecord>> find(std::optional<std::string_view> owner,
                                                     std::string_view id) = 0;
    /// Stores a keyset before its first record; the same digest again replaces the evidence. Blocks until it
    /// is durable. Errors as `append`.
    virtual Status put_keyset(KeysetEvidence keyset) = 0;
    /// The keyset of a digest, as long as a receipt of it is kept, or it is one of the newest kOwnKeysets
    /// that this process put.
    virtual Result<std::optional<KeysetEvidence>> keyset(std::string_view keyset_digest) = 0;
    /// What `owner` used since the store was made, by model in the order of names; receipts that are past
    /// their retention count on. Durable in one transaction with the receipts. At most kMaxUsageModels
    /// models. Thread-safe. `E_STORE_CORRUPT`, `E_STORE_IO`.
    virtual Result<std::vector<UsageTotal>> usage(std::string_view owner) = 0;
    /// Whether a new request may be begun; cheap enough for every request. The errors of `append`, and
    /// `E_STORE_SPACE` when the disk has less free than the reserve.
    [[nodiscard]] virtual Status healthy() const = 0;
    [[nodiscard]] virtual StoreCounters counters() const = 0;
    /// One round of retention and space keeping now; waits for it.
    virtual void upkeep_now() = 0;
};

}  // namespace lumoz::store
