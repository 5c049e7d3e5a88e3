// SPDX-License-Identifier: Apache-2.0
#include "abi/boot.hpp"
#include "sdk/log.hpp"
#include "sdk/must.hpp"
#include "sdk/runtime.hpp"
#include "sdk/system_call.hpp"
namespace sdk { void prepare() { set_up("manager", nullptr, 0); } }
int main() {
    sdk::log("harts %d timebase %d features %x pool %d", (int)sdk::system_info(abi::SystemFact::Harts),
             (int)sdk::system_info(abi::SystemFact::TimebaseHertz), (int)sdk::system_info(abi::SystemFact::Features),(int)sdk::system_info(abi::SystemFact::PoolPages));
    for (int h = 1; h < 72; ++h)
        if (auto f = sdk::call(abi::Call::RangeInfo, h, 0)) sdk::log("handle %d: %llx + %llx kind %d", h, (long long)*f << 12, (long long)*sdk::call(abi::Call::RangeInfo, h, 1) << 12, (int)*sdk::call(abi::Call::RangeInfo, h, 2));
    auto e = sdk::call(abi::Call::EventCreate);
    auto t0 = sdk::now();
    auto r = sdk::call(abi::Call::EventWait, *e, 1, t0 + 10000000);
    sdk::log("waited %d: %s", (int)(sdk::now() - t0), sdk::describe(r.error()));
    (void)sdk::call(abi::Call::Reset, abi::boot::system, 0);
}
