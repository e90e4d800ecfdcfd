// SPDX-License-Identifier: Apache-2.0
// Ends a question to another server that takes longer than a given time as a whole, however its pieces come.
#pragma once

#include "net/client.hpp"

namespace lumoz::gateway {

class QuestionLimit final : public net::Deadline {
public:
    /// From now on.
    QuestionLimit(net::Loop& loop, net::Duration limit) : Deadline(loop) { set(loop.now() + limit); }
    net::CancelToken token;                   ///< for the request
    net::ClientExchange* exchange = nullptr;  ///< set while its answer is read
    bool late = false;

private:
    void expired() override {
        late = true;
        token.cancel();
        if (exchange != nullptr) exchange->cancel();
    }
};

}  // namespace lumoz::gateway
