// SPDX-License-Identifier: Apache-2.0
// Where tests find the shared vectors: LUMOZ_VECTORS, else ../shared/vectors beside the source root.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace lumoz::testing {

/// Root of the source tree: test programs lie in build/<preset>/tests below it. No path of a machine is
/// compiled in, so that objects are the same wherever the tree lies.
inline std::filesystem::path source_root() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../../..";
}

/// The folder of shared vectors, or nothing: then the test skips and says so.
inline std::optional<std::filesystem::path> vectors_dir() {
    if (const char* env = std::getenv("LUMOZ_VECTORS"); env != nullptr && *env != '\0') return env;
    const std::filesystem::path beside = source_root() / "../shared/vectors";
    if (std::filesystem::is_directory(beside)) return beside;
    return std::nullopt;
}

/// A whole file as text; empty when it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace lumoz::testing
