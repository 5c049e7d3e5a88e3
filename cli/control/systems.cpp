// SPDX-License-Identifier: Apache-2.0
#include "cli/control/systems.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "cli/control/failure.hpp"

namespace systems {

namespace fs = std::filesystem;

namespace {

using control::Failure;

fs::path with_suffix(const fs::path& path, const char* suffix) {
    return fs::path{path.native() + suffix};
}

int owner(const File& lock) {
    char text[16] = {};
    return pread(lock.descriptor(), text, sizeof text - 1, 0) > 0 ? std::atoi(text) : 0;
}

bool alive(int process) {
    return process > 0 && (kill(process, 0) == 0 || errno == EPERM);
}

/// The lock, if nobody has it.
File take_lock(const fs::path& path) {
    File file{open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0600)}; // inherited on purpose
    if (!file)
        throw Failure{fmt::format("{}: {}: name another place with --control", path.string(), std::strerror(errno))};
    // A broker outlives its QEMU by a moment.
    constexpr int tries = 100, pause = 20'000; // microseconds
    for (int i = 0; flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0; ++i) {
        if (i == tries || alive(owner(file)))
            return {};
        usleep(pause);
    }
    return file;
}

Claim claimed(Paths paths, std::string name, File lock) {
    // Whoever had these is gone.
    fs::remove(paths.control);
    fs::remove(paths.qemu);
    Claim claim{std::move(paths), std::move(name), std::move(lock)};
    claim.own();
    return claim;
}

void check_length(const Paths& paths) {
    if (paths.qemu.native().size() >= sizeof sockaddr_un{}.sun_path)
        throw Failure{fmt::format("{}: too long for a socket: name a shorter path, of at most {} bytes, with --control",
                                  paths.control.string(), sizeof sockaddr_un{}.sun_path - 6)};
}

}

fs::path folder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const bool given = runtime && *runtime && access(runtime, W_OK) == 0;
    const fs::path path = given ? fs::path{runtime} / "sundew" : fs::path{fmt::format("/tmp/sundew-{}", getuid())};
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        throw Failure{
            fmt::format("{}: {}: set XDG_RUNTIME_DIR to a folder that is yours", path.string(), std::strerror(errno))};
    struct stat what{};
    if (lstat(path.c_str(), &what) != 0 || !S_ISDIR(what.st_mode) || what.st_uid != getuid() || what.st_mode & 077)
        throw Failure{
            fmt::format("{}: is not a folder that is yours alone: remove it, or set XDG_RUNTIME_DIR", path.string())};
    return path;
}

Paths at(const fs::path& control) {
    return {control, with_suffix(control, ".qemu"), with_suffix(control, ".lock"), with_suffix(control, ".log")};
}

Paths named(const std::string& name) {
    const fs::path base = folder() / name;
    Paths paths = at(with_suffix(base, ".sock"));
    paths.log = with_suffix(base, ".log");
    return paths;
}

int process(const Paths& paths) {
    const File file{open(paths.lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file || flock(file.descriptor(), LOCK_SH | LOCK_NB) == 0)
        return 0;
    const int process = owner(file);
    return alive(process) ? process : 0;
}

std::vector<std::string> running() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder()})
        if (entry.path().extension() == ".sock" && process(named(entry.path().stem())) != 0)
            names.push_back(entry.path().stem());
    std::ranges::sort(names);
    return names;
}

void Claim::own() const {
    const std::string text = fmt::format("{}\n", getpid());
    if (ftruncate(lock.descriptor(), 0) != 0 ||
        pwrite(lock.descriptor(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        throw Failure{fmt::format("{}: {}: make room there", paths.lock.string(), std::strerror(errno))};
}

Claim claim(const std::string& name) {
    constexpr int most = 1000;
    for (int number = 1; number < most; ++number) {
        const std::string each = number == 1 ? name : fmt::format("{}-{}", name, number);
        Paths paths = named(each);
        check_length(paths);
        if (File lock = take_lock(paths.lock))
            return claimed(std::move(paths), each, std::move(lock));
    }
    throw Failure{fmt::format("{} systems of the name '{}' run: shut some of them down", most - 1, name)};
}

Claim claim_at(const fs::path& control) {
    Paths paths = at(fs::absolute(control));
    check_length(paths);
    if (fs::exists(paths.control) && !fs::is_socket(paths.control))
        throw Failure{fmt::format("{}: is there and is no socket: name another path with --control", control.string())};
    File lock = take_lock(paths.lock);
    if (!lock)
        throw Failure{
            fmt::format("{}: another system has this socket: name another path with --control", control.string())};
    return claimed(std::move(paths), {}, std::move(lock));
}

}
