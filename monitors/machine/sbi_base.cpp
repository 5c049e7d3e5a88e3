// SPDX-License-Identifier: Apache-2.0
// SBI BASE: who we are, and what we offer.
#include "monitors/machine/sbi_extensions.hpp"

namespace machine::extension {

namespace {

using sbi::Error;
using sbi::Extension;

constexpr std::uint64_t specification_version = 3 << 24; // 3.0
constexpr std::uint64_t implementation = 0x53;           // none of those that the specification lists
constexpr std::uint64_t implementation_version = 2;

}

bool offered(std::uint64_t extension) {
    switch (static_cast<Extension>(extension)) {
    case Extension::LegacySetTimer:
    case Extension::LegacyConsolePutchar:
    case Extension::LegacyConsoleGetchar:
    case Extension::LegacyClearIpi:
    case Extension::LegacySendIpi:
    case Extension::LegacyRemoteFenceI:
    case Extension::LegacyRemoteSfenceVma:
    case Extension::LegacyRemoteSfenceVmaAsid:
    case Extension::LegacyShutdown:
    case Extension::Base:
    case Extension::DebugConsole:
    case Extension::FirmwareFeatures:
    case Extension::HartState:
    case Extension::Ipi:
    case Extension::PerformanceMonitoring:
    case Extension::RemoteFence:
    case Extension::SystemReset:
    case Extension::SystemSuspend:
    case Extension::Time: return true;
    default: return false;
    }
}

Answer base(std::uint64_t function, std::uint64_t argument) {
    enum : std::uint64_t { GetSpecVersion, GetImplId, GetImplVersion, Probe, GetVendor, GetArchitecture, GetMachine };
    switch (function) {
    case GetSpecVersion: return {Error::Success, specification_version};
    case GetImplId: return {Error::Success, implementation};
    case GetImplVersion: return {Error::Success, implementation_version};
    case Probe: return {Error::Success, offered(argument)};
    case GetVendor:
    case GetArchitecture:
    case GetMachine: return {Error::Success, 0}; // always legal: the CSRs may say nothing
    default: return {Error::NotSupported};
    }
}

}
