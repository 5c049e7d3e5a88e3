// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/emulator.hpp"

#include <charconv>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/command.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// QEMU's monitor for programs (QMP): one JSON object a line, commands and answers. Of the answers no more is read than
/// the one word that is wanted.
class Monitor {
  public:
    explicit Monitor(const fs::path& socket) : descriptor_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (socket.native().copy(address.sun_path, sizeof address.sun_path - 1) != socket.native().size())
            throw std::runtime_error{fmt::format("{}: too long a path for a socket", socket.string())};
        connected_ =
            descriptor_ >= 0 && connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        if (connected_)
            (void)ask("qmp_capabilities");
    }
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;
    ~Monitor() { close(descriptor_); }

    bool connected() const { return connected_; }
    /// The answer to a command, as it came; empty when QEMU is gone.
    std::string ask(const std::string& command) {
        const std::string line = fmt::format("{{\"execute\": \"{}\"}}\n", command);
        if (send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
            return {};
        for (;;) {
            const std::string answer = read_line(10s);
            if (answer.empty() || answer.find("\"return\"") != answer.npos || answer.find("\"error\"") != answer.npos)
                return answer;
            events_ += answer; // what comes between
        }
    }

    /// Whether QEMU has told of that event before `patience` is over. It is not asked meanwhile: while it records, QEMU
    /// that is asked when its machine stops may never answer.
    bool wait_for(const std::string& event, std::chrono::seconds patience) {
        const auto until = std::chrono::steady_clock::now() + patience;
        if (events_.find("\"" + event + "\"") != events_.npos)
            return true;
        for (auto left = patience; left > 0s;
             left = std::chrono::duration_cast<std::chrono::seconds>(until - std::chrono::steady_clock::now())) {
            const std::string line = read_line(left);
            if (line.empty())
                return false;
            if (line.find("\"" + event + "\"") != line.npos)
                return true;
        }
        return false;
    }

  private:
    /// Empty if QEMU is gone, or says nothing for `patience`.
    std::string read_line(std::chrono::milliseconds patience) {
        for (;;) {
            if (const auto end = pending_.find('\n'); end != pending_.npos) {
                std::string line = pending_.substr(0, end + 1);
                pending_.erase(0, end + 1);
                return line;
            }
            pollfd waiting{descriptor_, POLLIN, 0};
            char piece[1024];
            if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0)
                return {};
            const ssize_t bytes = recv(descriptor_, piece, sizeof piece, 0);
            if (bytes <= 0)
                return {};
            pending_.append(piece, static_cast<std::size_t>(bytes));
        }
    }

    int descriptor_;
    bool connected_ = false;
    std::string pending_, events_;
};

/// The number after `"name": `.
std::optional<std::uint64_t> number_in(const std::string& json, const std::string& name) {
    const std::string mark = fmt::format("\"{}\": ", name);
    const auto at = json.find(mark);
    std::uint64_t value = 0;
    if (at == json.npos ||
        std::from_chars(json.data() + at + mark.size(), json.data() + json.size(), value).ec != std::errc{})
        return {};
    return value;
}

/// Waits until the machine is off, asks for the emulator's count, and ends QEMU, also when that takes too long.
void watch(const fs::path& socket, const std::future<command::Output>& ended, unsigned limit_seconds,
           Emulated& result) {
    std::optional<Monitor> connection; // the socket has its name before anybody listens
    do
        connection.emplace(socket);
    while (!connection->connected() && ended.wait_for(20ms) != std::future_status::ready);
    Monitor& monitor = *connection;
    if (!monitor.connected())
        return;                // it has ended, and its output says why
    (void)monitor.ask("cont"); // it has waited, so that a machine that is off at once is not missed
    result.ended = monitor.wait_for("SHUTDOWN", std::chrono::seconds{limit_seconds});
    if (result.ended) {
        std::this_thread::sleep_for(100ms); // until it has stopped
        result.instructions = number_in(monitor.ask("query-replay"), "icount");
    }
    (void)monitor.ask("quit");
}

std::vector<std::string> clock_options(Clock clock, std::uint64_t harts, const fs::path& record) {
    if (clock == Clock::Wall)
        return {};
    // Recording changes nothing but that QEMU then tells how many instructions have run. It wants a single hart, and
    // one that has a disk may never stop.
    return {"-icount", fmt::format("shift=0,sleep={}{}", clock == Clock::Instructions ? "off" : "on",
                                   harts == 1 && clock == Clock::Instructions
                                       ? fmt::format(",rr=record,rrfile={}", record.string())
                                       : "")};
}

}

TemporaryFolder::TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "sundew-bench-XXXXXX").string();
    if (!mkdtemp(name.data()))
        throw std::system_error{errno, std::generic_category(), name};
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Emulated emulate(qemu::Machine machine, Clock clock, const TemporaryFolder& folder, unsigned limit_seconds) {
    const fs::path socket = folder / "qmp";
    fs::remove(socket);
    // To a file, which is there however it ends.
    if (machine.serial != "none")
        machine.serial = fmt::format("file:{}", (folder / console_file).string());
    std::ofstream{folder / console_file}.flush();
    for (const std::string& word : clock_options(clock, machine.harts, folder / "record"))
        machine.more.push_back(word);
    machine.more.insert(machine.more.end(),
                        {"-seed", "1", "-rtc", clock == Clock::Wall ? "base=2026-01-01" : "base=2026-01-01,clock=vm",
                         "-no-shutdown", "-S", "-qmp", fmt::format("unix:{},server=on,wait=off", socket.string())});
    constexpr unsigned grace_seconds = 30; // then it is ended by force
    // It ends with this tool, however that ends: what ran on would be in the way of whatever is measured next.
    std::vector<std::string> words{"setpriv", "--pdeathsig",    "TERM",
                                   "timeout", "--kill-after=5", std::to_string(limit_seconds + grace_seconds)};
    for (const std::string& word : qemu::command(machine))
        words.push_back(word);
    Emulated result;
    auto ended = std::async(std::launch::async, [&] { return command::capture(words); });
    watch(socket, ended, limit_seconds, result);
    const command::Output output = ended.get();
    std::ifstream console{folder / console_file};
    result.console.assign(std::istreambuf_iterator<char>{console}, {});
    result.console += output.text; // what QEMU itself has to say
    return result;
}

}
