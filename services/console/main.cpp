// SPDX-License-Identifier: Apache-2.0
// The console service: all consoles, the host's serial port and its control channel.
#include "services/console/service.hpp"

int main() {
    Service service;
    service.run();
}
