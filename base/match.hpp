// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <variant>

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

template <class Handlers, class Alternative>
concept Handles = requires(Handlers handlers, Alternative& alternative) { handlers(alternative); };

/// Calls the handler that fits what `variant` holds. A forgotten alternative does not compile, and the error names it.
template <class... Alternatives, class... Handlers>
decltype(auto) match(std::variant<Alternatives...>&& variant, Handlers&&... handlers)
    requires(Handles<Overloaded<Handlers...>, Alternatives> && ...)
{
    return std::visit(Overloaded{std::forward<Handlers>(handlers)...}, variant);
}

template <class... Alternatives, class... Handlers>
decltype(auto) match(std::variant<Alternatives...>& variant, Handlers&&... handlers)
    requires(Handles<Overloaded<Handlers...>, Alternatives> && ...)
{
    return std::visit(Overloaded{std::forward<Handlers>(handlers)...}, variant);
}
