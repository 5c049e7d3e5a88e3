// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

/// The folder of everything that was fetched: $SUNDEW_CACHE, $XDG_CACHE_HOME/sundew or ~/.cache/sundew.
std::filesystem::path cache_folder();
