// SPDX-License-Identifier: Apache-2.0
#include "app/process/temp_dir.hpp"

#include <cerrno>
#include <cstring>
#include <stdlib.h>

namespace lumoz::app {

Result<TempDir> TempDir::make(std::string_view name) {
    std::error_code error;
    std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (error) base = "/tmp";
    std::string pattern = (base / (std::string(name) + "-XXXXXX")).string();
    if (mkdtemp(pattern.data()) == nullptr) {
        return fail(Errc::Io, "E_FILE", "app.temp_dir", std::strerror(errno));
    }
    return TempDir(std::filesystem::path(pattern));
}

TempDir::~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace lumoz::app
