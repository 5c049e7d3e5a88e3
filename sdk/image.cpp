// SPDX-License-Identifier: Apache-2.0
#include "sdk/image.hpp"

#include "base/page.hpp"
#include "sdk/startup.hpp"

namespace sdk {

abi::Result<GuestPhysical> load_image(const GuestMemory& memory, GuestPhysical at) {
    const std::uint64_t bytes = startup().image_bytes;
    if (bytes == 0)
        return std::unexpected{abi::Error::BadArgument};
    const auto image = Mapping::create(granted::image, 0, pages_for(bytes), abi::Rights::Read);
    if (!image)
        return std::unexpected{image.error()};
    if (!memory.write_bytes(at, image->bytes().first(bytes)))
        return std::unexpected{abi::Error::BadArgument};
    return at;
}

}
