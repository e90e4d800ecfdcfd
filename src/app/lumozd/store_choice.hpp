// SPDX-License-Identifier: Apache-2.0
// Which store the configuration asks for.
#pragma once

#include "gateway/config.hpp"
#include "store/store.hpp"

#include <memory>

namespace lumoz::app {

/// PostgreSQL by `receipts.url`, else SQLite in `state_dir`. `clock` must outlive the store. Errors as the
/// stores' `open`.
Result<std::unique_ptr<store::ReceiptStore>> open_store(const gateway::Config& config, const Clock& clock);

}  // namespace lumoz::app
