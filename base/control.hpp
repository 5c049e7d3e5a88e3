// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

/// What the host's tool and a running system say to one another over the virtio console port `port_name`
/// (docs/control.md). Every number is little-endian, as it lies in memory on both sides. Neither side trusts the other.
namespace control {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::string_view port_name = "sundew.control";
inline constexpr std::uint32_t version = 2;

/// A frame: this, `length` bytes of payload, and `end_mark`. A frame that a broken connection has cut short, and that
/// the next one's preamble of zeros then fills up, lacks the mark.
struct FrameHeader {
    std::uint32_t length; ///< of the payload, at most payload_limit
    std::uint16_t type;   ///< FrameType
    std::uint16_t session;
};
inline constexpr std::uint32_t end_mark = 0x2e64'6e65; // "end."
inline constexpr std::size_t frame_limit = 64 << 10;
inline constexpr std::size_t frame_overhead = sizeof(FrameHeader) + sizeof end_mark;
inline constexpr std::size_t payload_limit = frame_limit - frame_overhead;

/// What the host sends first on a new connection, before its Hello: so many zeros end any frame that was under way, and
/// then are no frame, which puts the target's decoder into the state in which it looks for a Hello.
inline constexpr std::size_t preamble_bytes = frame_limit + sizeof(FrameHeader);

enum class FrameType : std::uint16_t {
    Hello = 1, ///< both; session 0: Hello. The target's answers the host's; a new one ends all sessions
    Request,   ///< host: begins a session with a Request
    Data,      ///< both: bytes of a stream, or whole records; counts against the receiver's credit
    Credit,    ///< both: Credit; so many more bytes of Data may come in this session
    Lost,      ///< target: Lost; so many bytes or records before what follows are missing
    Resize,    ///< host, console sessions: Resize
    End,    ///< both: End and a text of at most text_limit bytes. The host's asks to end the session; the target's ends
            ///< it. The host uses the session's number again only then.
    Opened, ///< target: of Gdb and Trace the machine's monitor has the session now; of Events it misses nothing from
            ///< now on
};
inline constexpr std::uint16_t last_frame_type = static_cast<std::uint16_t>(FrameType::Opened);

/// Bytes of Data that each side may send in a new session before it is given more.
inline constexpr std::uint32_t initial_credit = 64 << 10;
/// Sessions at one time that the target must be ready for, at least; one more ends with Status::TooMany.
inline constexpr std::size_t session_limit = 32;
inline constexpr std::size_t name_limit = 32; ///< bytes of a machine's name, with at least one NUL
inline constexpr std::size_t text_limit = 255;
inline constexpr std::size_t vcpu_limit = 8;

using Name = std::array<char, name_limit>;
using Text = std::array<char, 128>; ///< for people; UTF-8, filled up with NULs, the last is one

struct Hello {
    std::array<char, 8> magic; ///< hello_magic
    std::uint32_t version;
    std::uint32_t harts;           ///< of the target; 0 from the host
    std::uint64_t nonce;           ///< the host's choice; the target's answer repeats it
    std::uint64_t timebase_hertz;  ///< of the target; 0 from the host
    std::uint64_t now_nanoseconds; ///< the target's time since it booted; 0 from the host
    std::uint64_t memory, free;    ///< bytes of RAM that the target's manager has and could still give; 0 from the host
};
inline constexpr std::array<char, 8> hello_magic{'\xf5', 'S', 'U', 'N', 'D', 'E', 'W', '\n'};

enum class Verb : std::uint16_t {
    List = 1, ///< Data: a MachineRecord each, in the order of the manifest; then End
    Start,    ///< End when the machine runs, or waits for those that it is to start after
    Stop,     ///< asks the machine; End when it is off. `value`: milliseconds to wait. Flag Force: then, end it
    Restart,  ///< Stop, if it is on, and Start; arguments as of Stop
    Pause,
    Resume,
    Console, ///< Data in both directions, from what the console's ring has kept on. Flag Fresh: from now on
    Logs,    ///< Data: what the console's ring has kept; then End. Flag Follow: goes on
    Stats, ///< Data: a StatsRecord each; then End. Flag Follow: again every `value` milliseconds. No name: all machines
    Events,   ///< Opened, then Data: an EventRecord each, from now on
    Create,   ///< Data from the host: a bundle of `value` bytes (docs/bundle.md). End when its machines are there
    Remove,   ///< forgets a machine that is off. Flag Force: ends it first
    Shutdown, ///< Stop for all machines, then the host powers off. Arguments as of Stop
    Gdb,   ///< Opened, then Data in both directions: the GDB remote protocol. Flag Force: in place of who is attached
    Trace, ///< Opened, then Data: a TraceRecord each, from now on. Flag Force: in place of who traces already
};
inline constexpr std::uint16_t last_verb = static_cast<std::uint16_t>(Verb::Trace);

namespace flag {
inline constexpr std::uint16_t force = 1, follow = 2, fresh = 4;
inline constexpr std::uint16_t all = force | follow | fresh;
}

struct Request {
    std::uint16_t verb;  ///< Verb
    std::uint16_t flags; ///< of `flag`
    std::uint32_t zero;
    std::uint64_t value;
    Name machine; ///< filled up with NULs; empty for List, Events, Create, Shutdown
};

struct Credit {
    std::uint64_t bytes;
};

struct Lost {
    std::uint64_t count;
};

struct Resize {
    std::uint16_t columns, rows;
};

enum class Status : std::uint16_t {
    Done,
    NoSuchMachine,
    WrongState,   ///< `detail`: the State that it is in
    Busy,         ///< another session does this, or something that excludes it
    NotSupported, ///< the machine's monitor cannot do this
    BadRequest,   ///< the target does not understand
    NoMemory,     ///< of any kind; the text says what is short
    BadBundle,    ///< the text says what is wrong with it
    Exists,       ///< a machine of that name does
    TooMany,      ///< sessions or machines; the text says what
    TimedOut,     ///< the machine did not do it in time
    Failed,       ///< the machine could not be started, or failed while this waited; the text says why
    Closed,       ///< because the host asked
    Gone,         ///< the machine was removed, or the system goes off
};
inline constexpr std::uint16_t last_status = static_cast<std::uint16_t>(Status::Gone);

struct End {
    std::uint16_t status; ///< Status
    std::uint16_t zero;
    std::uint32_t detail;
};

enum class State : std::uint16_t {
    Off,     ///< never started, or stopped
    Waiting, ///< for machines that it is to start after
    Running,
    Paused,
    Stopping, ///< was asked to stop
    Exited,   ///< ended well, by itself
    Failed,   ///< could not be started, or ended otherwise
    Backoff,  ///< failed; its restart is due later
};
inline constexpr std::uint16_t last_state = static_cast<std::uint16_t>(State::Backoff);

enum class RestartPolicy : std::uint16_t { No, OnFailure, Always };

struct MachineRecord {
    Name name;
    std::uint16_t state;  ///< State
    std::uint16_t policy; ///< RestartPolicy
    std::uint32_t cpus;
    std::uint32_t priority, share;
    std::uint64_t memory;            ///< bytes of the guest's RAM
    std::uint64_t harts;             ///< a set
    std::uint64_t since_nanoseconds; ///< how long it has been in this state
    std::uint32_t restarts;          ///< by its policy
    std::int32_t exit_status;        ///< of its monitor, when last it ended
    Text reason;                     ///< why it is not running, if there is more to say
};

/// What made a vCPU leave its guest, or was answered for it by the nucleus.
enum class ExitKind : std::uint8_t {
    Sbi,       ///< a call that the monitor answered
    Mmio,      ///< an access to an emulated device
    Wait,      ///< WFI that came to the monitor
    Kick,      ///< the monitor's own doing, for an interrupt among others
    PageFault, ///< of guest memory
    Other,
    Timer, ///< from here on: answered by the nucleus
    Ipi,
    Fence,
    NucleusWait,
    Count,
};
inline constexpr std::size_t exit_kinds = static_cast<std::size_t>(ExitKind::Count);

struct VcpuStats {
    std::uint64_t run_nanoseconds; ///< time on a hart, its monitor's included
    std::uint64_t interrupts;      ///< of devices, given to the guest; those of its timer and its other vCPUs are not
    std::array<std::uint64_t, exit_kinds> exits;
};

/// What a machine has done with its disks, all together: what they have done, not what was asked for in vain.
struct DiskStats {
    std::uint64_t read, written;  ///< bytes
    std::uint64_t reads, writes;  ///< requests
    std::uint64_t other_requests; ///< to flush, to discard, to write zeroes
};

struct StatsRecord {
    Name name;
    std::uint64_t now_nanoseconds; ///< since the target booted
    std::uint16_t state;           ///< State
    std::uint16_t zero;
    std::uint32_t cpus;     ///< those of `vcpus` that mean something
    std::uint64_t memory;   ///< bytes of the guest's RAM
    std::uint64_t returned; ///< of them, what the guest has given back and not taken again (balloon)
    std::uint64_t reported; ///< bytes that it has said to be free, each time counted (free page reporting)
    std::uint64_t overhead; ///< bytes of RAM and of the nucleus's pool that the machine takes beyond `memory`
    DiskStats disks;
    std::array<VcpuStats, vcpu_limit> vcpus;
};

enum class EventKind : std::uint16_t {
    State,  ///< a machine is in `state` now
    Create, ///< a machine is there now
    Remove,
    Reboot,    ///< a guest has reset itself
    Unhealthy, ///< a monitor does not answer; the text says more
    Shutdown,  ///< the system goes off
};
inline constexpr std::uint16_t last_event = static_cast<std::uint16_t>(EventKind::Shutdown);

struct EventRecord {
    std::uint64_t now_nanoseconds; ///< since the target booted
    std::uint16_t kind;            ///< EventKind
    std::uint16_t state;           ///< State
    std::int32_t status;           ///< exit status of the machine's monitor, where it ended
    Name machine;
    Text text;
};

enum class TraceKind : std::uint8_t {
    Exit,             ///< `exit` says of which kind; from `begin` the vCPU was out of its guest for `duration`
    Interrupt,        ///< `value`: the number of the line that was raised
    VirtioNotify,     ///< the guest has rung: `address`: the device's window, `value`: the queue
    VirtioCompletion, ///< the device is done with something: as VirtioNotify
    Lost,             ///< `value` records before this one are missing
};
inline constexpr std::uint8_t last_trace = static_cast<std::uint8_t>(TraceKind::Lost);

struct TraceRecord {
    std::uint64_t begin_ticks; ///< of the timebase
    std::uint32_t duration_ticks;
    std::uint8_t kind; ///< TraceKind
    std::uint8_t exit; ///< ExitKind
    std::uint8_t vcpu;
    std::uint8_t zero;
    std::uint64_t address; ///< guest-physical, of an access or fault; of an SBI call: its extension
    std::uint64_t value;   ///< of an exit: its guest's pc
};

/// Whether a message is all payload: no byte of it is padding that would leak what lay there before.
template <class Message>
concept Plain = std::has_unique_object_representations_v<Message> && std::is_trivially_copyable_v<Message>;

static_assert(Plain<FrameHeader> && sizeof(FrameHeader) == 8);
static_assert(Plain<Hello> && sizeof(Hello) == 56);
static_assert(Plain<Request> && sizeof(Request) == 48);
static_assert(Plain<Credit> && sizeof(Credit) == 8);
static_assert(Plain<Lost> && sizeof(Lost) == 8);
static_assert(Plain<Resize> && sizeof(Resize) == 4);
static_assert(Plain<End> && sizeof(End) == 8);
static_assert(Plain<MachineRecord> && sizeof(MachineRecord) == 208);
static_assert(Plain<VcpuStats> && sizeof(VcpuStats) == 96);
static_assert(Plain<StatsRecord> && sizeof(StatsRecord) == 888);
static_assert(Plain<EventRecord> && sizeof(EventRecord) == 176);
static_assert(Plain<TraceRecord> && sizeof(TraceRecord) == 32);
static_assert(offsetof(StatsRecord, vcpus) == 120);
static_assert(sizeof(End) + text_limit <= payload_limit && sizeof(StatsRecord) <= initial_credit);

}
