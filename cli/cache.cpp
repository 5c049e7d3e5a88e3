// SPDX-License-Identifier: Apache-2.0
#include "cli/cache.hpp"

#include <cstdlib>

std::filesystem::path cache_folder() {
    namespace fs = std::filesystem;
    if (const char* folder = std::getenv("SUNDEW_CACHE"))
        return folder;
    if (const char* folder = std::getenv("XDG_CACHE_HOME"))
        return fs::path{folder} / "sundew";
    const char* home = std::getenv("HOME");
    return fs::path{home ? home : "/root"} / ".cache/sundew";
}
