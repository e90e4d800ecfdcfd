// SPDX-License-Identifier: Apache-2.0
// The catch-all: paths under `/v1/` that no page of ours has, passed on to the engine as they came. Refused
// is what an engine must not be asked for by a client (design decision 19): what keeps state that the engine
// does not separate by credential, what controls the engine, and every name that is this service's own to
// answer.
#pragma once

#include "gateway/config.hpp"

namespace lumoz::gateway {

/// `path` is decoded. False for a path outside `/v1/`, with an empty segment, a control character, a byte
/// that is no ASCII, or a percent sign (somebody behind us could decode it once more), longer than 1 KiB, or
/// on the deny list. Letters are compared without case.
[[nodiscard]] bool is_catch_all_path(std::string_view path);
/// GET, POST, PUT, PATCH, DELETE.
[[nodiscard]] bool is_catch_all_method(std::string_view method);
/// Whether the engine of this model is asked for such paths (`engine.catch_all`).
[[nodiscard]] bool catch_all_allowed(const ModelConfig& model);

}  // namespace lumoz::gateway
