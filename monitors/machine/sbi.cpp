// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi.hpp"

#include "monitors/machine/sbi_extensions.hpp"

namespace machine {

using sbi::Extension;

Sbi::Sbi(unsigned harts, const devices::GuestRam& ram, Platform& platform, std::uint64_t environment,
         std::string_view extensions)
    : around_{harts, ram, platform, events_}, states_{around_}, features_{environment, extensions, platform},
      counters_{around_} {
    reset();
}

void Sbi::reset() {
    states_.reset();
    for (unsigned hart = 0; hart < around_.harts; ++hart) {
        features_.reset(hart);
        counters_.reset(hart);
    }
}

std::optional<Start> Sbi::take_start(unsigned hart) {
    const auto start = states_.take_start(hart);
    if (start) {
        features_.reset(hart);
        counters_.reset(hart);
    }
    return start;
}

std::optional<Answer> Sbi::answer_at_once(Extension extension, std::uint64_t function, std::uint64_t argument) {
    if (extension == Extension::Base) [[likely]]
        return extension::base(function, argument);
    if (!extension::offered(static_cast<std::uint64_t>(extension)))
        return Answer{sbi::Error::NotSupported};
    return {};
}

Outcome Sbi::call(const Call& call) {
    switch (call.extension) {
    case Extension::Base: return extension::base(call.function, call.arguments[0]);
    case Extension::Time: return extension::time(call, around_);
    case Extension::Ipi: return extension::ipi(call, around_);
    case Extension::RemoteFence: return extension::remote_fence(call, around_);
    case Extension::HartState: return states_.call(call);
    case Extension::SystemReset: return extension::system_reset(call);
    case Extension::SystemSuspend: return states_.system_suspend(call);
    case Extension::DebugConsole: return extension::debug_console(call, around_);
    case Extension::PerformanceMonitoring: return counters_.call(call);
    case Extension::FirmwareFeatures: return features_.call(call);
    default: return extension::legacy(call, around_);
    }
}

}
