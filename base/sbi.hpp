// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The Supervisor Binary Interface's numbers: the nucleus calls firmware with them, guests call us.
namespace sbi {

enum class Extension : std::uint64_t {
    LegacySetTimer = 0x00,
    LegacyConsolePutchar = 0x01,
    LegacyConsoleGetchar = 0x02,
    LegacyClearIpi = 0x03,
    LegacySendIpi = 0x04,
    LegacyRemoteFenceI = 0x05,
    LegacyRemoteSfenceVma = 0x06,
    LegacyRemoteSfenceVmaAsid = 0x07,
    LegacyShutdown = 0x08,
    Base = 0x10,
    DebugConsole = 0x4442434e,
    FirmwareFeatures = 0x46574654,
    HartState = 0x48534d,
    Ipi = 0x735049,
    PerformanceMonitoring = 0x504d55,
    RemoteFence = 0x52464e43,
    SystemReset = 0x53525354,
    SystemSuspend = 0x53555350,
    Time = 0x54494d45,
};

enum class Error : std::int64_t {
    Success = 0,
    Failed = -1,
    NotSupported = -2,
    InvalidParameter = -3,
    Denied = -4,
    InvalidAddress = -5,
    AlreadyAvailable = -6,
    AlreadyStarted = -7,
    AlreadyStopped = -8,
    NoSharedMemory = -9,
    InvalidState = -10,
    BadRange = -11,
    Timeout = -12,
    InputOutput = -13,
    DeniedLocked = -14,
};

/// Function numbers, by extension.
inline constexpr std::uint64_t probe_extension = 3;                            // Base
inline constexpr std::uint64_t console_write_byte = 2;                         // DebugConsole
inline constexpr std::uint64_t hart_start = 0, hart_suspend = 3;               // HartState
inline constexpr std::uint64_t remote_fence_i = 0, remote_sfence_vma_asid = 2; // RemoteFence

}
