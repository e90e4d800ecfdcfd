// SPDX-License-Identifier: Apache-2.0
// What a record is in columns, whatever the database: bounds, index keys, the bytes of signatures.
#pragma once

#include "store/store.hpp"

namespace lumoz::store {

/// `E_STORE_RECORD` when a bound of Record is broken, or the text is not the two-part form.
Status check_record(const Record& record);
/// `E_STORE_RECORD` when a bound of KeysetEvidence is broken.
Status check_keyset(const KeysetEvidence& keyset);

/// What a row takes beside its document, about: the other columns and two indexes.
inline constexpr std::int64_t kRowBytes = 600;

/// What an index holds of an id: the first 8 bytes of its SHA-256. A look-up compares the id itself too.
[[nodiscard]] std::int64_t index_key(std::string_view id);

using TextHashes = FixedBytes<struct TextHashesTag, 64>;
/// The 64 bytes that the two-part text spells. `E_STORE_RECORD`.
Result<TextHashes> text_hashes(std::string_view text);
/// The other way round. `E_STORE_CORRUPT` when a length is wrong.
Result<receipt::TextSignatures> read_signatures(ByteView hashes, ByteView ecdsa, ByteView ed25519);
/// `E_STORE_CORRUPT` when a length is wrong.
Result<receipt::SignerAddresses> read_signers(ByteView ecdsa, ByteView ed25519);

/// `tokens`: in and out. `E_STORE_CORRUPT` when a count is negative.
Result<UsageTotal> usage_total(std::string model, std::int64_t requests, std::array<std::int64_t, 2> tokens);

/// `E_STORE_CORRUPT`: what a database gave back is no row of ours.
std::unexpected<Error> bad_row(std::string_view what);

}  // namespace lumoz::store
