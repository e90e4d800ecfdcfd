// SPDX-License-Identifier: Apache-2.0
// Hands a receipt to the store and waits on the loop until it is durable.
#pragma once

#include "net/one_shot.hpp"
#include "store/store.hpp"

namespace lumoz::gateway {

/// The store's error, or `E_STORE_TIMEOUT` when it does not answer within `limit`: the record may then be
/// stored or not, and the answer must not be completed.
net::Task<Status> commit(net::Loop& loop, store::ReceiptStore& store, store::Record record,
                         net::Duration limit);

}  // namespace lumoz::gateway
