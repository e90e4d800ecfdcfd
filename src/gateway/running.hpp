// SPDX-License-Identifier: Apache-2.0
// Something that is under way and can be ended from outside.
#pragma once

#include "receipt/receipt.hpp"

namespace lumoz::gateway {

class Running {
public:
    virtual ~Running() = default;
    /// Ends it where it is. On the loop's thread, at any time, any number of times.
    virtual void cut(receipt::CutBy by) = 0;
};

}  // namespace lumoz::gateway
