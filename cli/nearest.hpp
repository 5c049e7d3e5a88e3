// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

/// Of `words`, which are not none, the one that `word` was most probably meant to be.
std::string nearest(std::string_view word, std::span<const std::string> words);
