// SPDX-License-Identifier: Apache-2.0
// What tests share: a scratch folder, and where the shared vectors are found: LUMOZ_VECTORS, else
// ../shared/vectors beside the source root.
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

/// A folder that goes away with the object.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "lumoz-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace lumoz::testing
