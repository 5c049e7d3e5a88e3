// SPDX-License-Identifier: Apache-2.0
// libc++ takes these from its compiled part, of which there is none for this target.
#include <string>

template class std::basic_string<char>;
