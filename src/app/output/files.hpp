// SPDX-License-Identifier: Apache-2.0
// Files as the commands see them: `-` is stdin or stdout, every read has a ceiling.
#pragma once

#include "base/bytes.hpp"

#include <filesystem>
#include <string>

namespace lumoz::app {

/// Ceiling of documents (reports, proofs, policies, collateral).
inline constexpr std::size_t kMaxDocument = std::size_t{32} << 20;
/// Ceiling of request and response bodies.
inline constexpr std::size_t kMaxBody = std::size_t{256} << 20;

/// The whole file, or stdin for `-`. `E_FILE` (Io) when it cannot be read, `E_FILE_SIZE` (Usage) above `max`
/// bytes.
Result<Bytes> read_input(const std::string& path, std::size_t max = kMaxDocument);
/// The same as text.
Result<std::string> read_text(const std::string& path, std::size_t max = kMaxDocument);
/// Writes a new file or replaces one, or writes to stdout for `-`. `E_FILE` (Io).
Status write_output(const std::string& path, ByteView content);
/// The first line of a token file without white space at its ends. `E_FILE`, or `E_TOKEN_FILE` when empty.
Result<std::string> read_token(const std::string& path);

}  // namespace lumoz::app
