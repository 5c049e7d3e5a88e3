// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "services/manager/machine.hpp"

/// A value, or a line that says what is wrong, where, and what to do about it.
template <class T>
using OrComplaint = std::expected<T, std::string>;

[[gnu::format(printf, 1, 2)]] std::unexpected<std::string> complain(const char* format, ...);

/// A view's length and characters, for the format %.*s.
#define TEXT(view) static_cast<int>((view).size()), (view).data()

/// What each machine of the manifest needs, found in the bundle and checked against what there is; or what is wrong
/// with one of them or with their sum: then nothing is to be started.
/// `memory` is the bundle's, mapped at `bundle`; `others` are the machines that there are already.
OrComplaint<std::vector<Plan>> make_plans(const bundle_manifest::Manifest& manifest, abi::Handle memory,
                                          std::span<const std::byte> bundle,
                                          std::span<const host_devices::Device> devices, std::uint64_t free_pages,
                                          std::span<const Plan* const> others = {});
