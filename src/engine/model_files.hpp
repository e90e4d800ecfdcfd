// SPDX-License-Identifier: Apache-2.0
// The files that make a model (specs/standards.md 5.1, steps 1 to 3).
#pragma once

#include "engine/model_identity.hpp"

namespace lumoz::engine {

struct ModelFile {
    std::string name;  ///< relative path with '/'; the base name of a single file
    std::string path;  ///< to open it
    std::uint64_t size = 0;
};

/// In no certain order. `E_OMS_FILE_KIND`, `E_OMS_EMPTY`, `E_OMS_READ`, `E_OMS_LIMIT` (depth, count).
Result<std::vector<ModelFile>> list_model_files(const std::string& path, const ModelRootOptions& options);

}  // namespace lumoz::engine
