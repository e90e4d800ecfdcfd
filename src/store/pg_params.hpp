// SPDX-License-Identifier: Apache-2.0
// Parameters of a PostgreSQL statement in the binary form of its protocol: nothing is ever spliced into SQL.
// A column of many rows is one array.
#pragma once

#include "base/bytes.hpp"

#include <string>
#include <vector>

namespace lumoz::store {

/// A one-dimensional array of int8 or bytea.
class PgArray {
public:
    enum class Of : std::uint32_t { Bytea = 17, Int8 = 20 };  ///< PostgreSQL's type numbers

    explicit PgArray(Of of);
    void add(std::int64_t value);
    void add(ByteView bytes);
    void add(std::string_view text) { add(as_bytes(text)); }
    void add_null();

private:
    friend class PgParams;
    void put(std::uint32_t value);
    std::uint32_t count_ = 0;
    bool has_null_ = false;
    std::string bytes_;
};

/// Parameters in the order $1, $2, ….
class PgParams {
public:
    PgParams& add(std::int64_t value);
    PgParams& add(ByteView bytes);
    PgParams& add(std::string_view text) { return add(as_bytes(text)); }
    PgParams& add(PgArray array);

    /// As libpq wants them; valid until the next `add`.
    struct Raw {
        std::vector<const char*> values;
        std::vector<int> lengths;
        std::vector<int> formats;
    };
    [[nodiscard]] Raw raw() const;

private:
    std::vector<std::string> values_;
};

}  // namespace lumoz::store
