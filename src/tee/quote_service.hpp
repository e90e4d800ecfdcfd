// SPDX-License-Identifier: Apache-2.0
// The host's quote generation service: one connection, one request, one answer (specs/tdx.md 12.2).
#pragma once

#include "tee/kernel_files.hpp"
#include "tee/socket_io.hpp"

#include <functional>

namespace lumoz::tee {

/// Connects to the service, or says why not.
using Connect = std::function<Result<Descriptor>(Deadline)>;

inline constexpr std::uint32_t kVsockHost = 2;
/// The port where the configuration file names none.
inline constexpr std::uint32_t kDefaultQuotePort = 4050;

/// The port that a text of lines `port = N` names (`#` begins a remark, other keys are ignored; the last
/// line counts), else kDefaultQuotePort. `E_TEE_CONF` for a number that is none or out of range.
Result<std::uint32_t> quote_service_port(std::string_view text);
/// The same of a file, which may be missing. `E_TEE_IO` when it is there and cannot be read.
Result<std::uint32_t> read_quote_service_port(KernelFiles& files, const std::filesystem::path& path);

/// A quote over a TDREPORT. `E_TEE_IO`, `E_TEE_TIMEOUT`, and the errors of the messages (qgs_message.hpp).
Result<Bytes> ask_quote_service(const Connect& connect, ByteView td_report, Deadline deadline);

}  // namespace lumoz::tee
