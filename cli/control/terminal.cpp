// SPDX-License-Identifier: Apache-2.0
#include "cli/control/terminal.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

#include "cli/control/failure.hpp"

namespace control {

RawTerminal::RawTerminal(int file) : file_{file} {
    termios now{};
    if (tcgetattr(file, &now) != 0)
        return; // no terminal
    before_ = now;
    cfmakeraw(&now);
    now.c_oflag |= OPOST | ONLCR; // consoles send their own carriage returns; messages of the tool do not
    tcsetattr(file, TCSADRAIN, &now);
}

RawTerminal::~RawTerminal() {
    if (before_)
        tcsetattr(file_, TCSADRAIN, &*before_);
}

std::optional<Resize> RawTerminal::size() const {
    winsize size{};
    if (ioctl(file_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {};
    return Resize{size.ws_col, size.ws_row};
}

Signals::Signals(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals)
        sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    file_ = File{signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
    if (!file_)
        throw Failure{fmt::format("signalfd: {}: close other files", std::strerror(errno))};
}

int Signals::take() {
    signalfd_siginfo information{};
    return read(file(), &information, sizeof information) == sizeof information
               ? static_cast<int>(information.ssi_signo)
               : 0;
}

}
