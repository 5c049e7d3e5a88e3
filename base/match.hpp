// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <variant>

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

template <class Handlers, class Alternative>
concept Handles = requires(Handlers handlers, Alternative& alternative) { handlers(alternative); };

/// The handler for alternative `Index` or a later one. A chain of comparisons, which compilers make a switch and see
/// through; std::visit's table of functions they do not.
template <std::size_t Index, class Variant, class Handlers>
[[gnu::always_inline]] inline decltype(auto) dispatch(Variant& variant, Handlers& handlers) {
    if constexpr (Index + 1 == std::variant_size_v<Variant>) {
        return handlers(*std::get_if<Index>(&variant));
    } else {
        if (variant.index() == Index)
            return handlers(*std::get_if<Index>(&variant));
        return dispatch<Index + 1>(variant, handlers);
    }
}

/// Calls the handler that fits what `variant` holds. A forgotten alternative does not compile, and the error names it.
/// All handlers return the same type. The alternatives are such that the variant is never valueless.
template <class... Alternatives, class... Handlers>
[[gnu::always_inline]] inline decltype(auto) match(std::variant<Alternatives...>& variant, Handlers&&... handlers)
    requires(Handles<Overloaded<Handlers...>, Alternatives> && ...)
{
    Overloaded all{std::forward<Handlers>(handlers)...};
    return dispatch<0>(variant, all);
}

template <class... Alternatives, class... Handlers>
[[gnu::always_inline]] inline decltype(auto) match(std::variant<Alternatives...>&& variant, Handlers&&... handlers)
    requires(Handles<Overloaded<Handlers...>, Alternatives> && ...)
{
    return match(variant, std::forward<Handlers>(handlers)...);
}
