// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "abi/handle.hpp"
#include "base/address.hpp"
#include "base/page.hpp"

/// Who holds pages of the pool: a process on its own quota, or a guest on its process's.
struct Account {
    Account* payer = nullptr; ///< whose quota pays; a process's own account points at itself
    std::uint64_t left = 0;   ///< pages of quota not in use; of payers only
    std::uint32_t first = 0;  ///< the chain of pages held; 0: none
};

/// The nucleus's only memory: page tables and objects are whole pages of it. Each page in use hangs in the chain of the
/// account that pays for it, so whatever an account holds can be given back without looking at what it is. Quotas are
/// handed down from creator to created, never made up: whoever has quota finds a page.
class Pool {
  public:
    Pool() = default;
    /// `memory` begins at a multiple of four pages and lies at `physical`. Its first pages hold the descriptors.
    Pool(std::span<std::byte> memory, HostPhysical physical);

    /// A zeroed page, or `count` = 4 of them aligned to their size; null if the payer's quota is used up.
    void* allocate(Account& account, abi::Kind kind = abi::Kind::None, unsigned count = 1);
    void release(Account& account, void* page);
    /// Gives back up to `limit` of what the account holds; whether nothing is left.
    bool release_all(Account& account, unsigned limit);

    /// A number that no other life of that page ever had or will have. A handle and its object agree on it, or the
    /// object is gone.
    std::uint64_t serial(const void* page) const { return descriptors_[index(page)].serial; }

    /// The next object of `kind` that the account holds, after `previous` (null: the first); null at the end.
    template <class Object>
    Object* next(const Account& account, const Object* previous) const {
        std::uint32_t page = previous ? descriptors_[index(previous)].next : account.first;
        while (page != 0 && descriptors_[page].kind != Object::kind)
            page = descriptors_[page].next;
        return page != 0 ? reinterpret_cast<Object*>(address(page)) : nullptr;
    }

    HostPhysical physical(const void* page) const { return {physical_.value + index(page) * page_bytes}; }
    void* pointer(HostPhysical page) const { return memory_.data() + (page.value - physical_.value); }
    std::uint64_t pages() const { return count_; }

  private:
    struct Descriptor {
        std::uint64_t serial;
        std::uint32_t next;
        abi::Kind kind;
        std::uint8_t count; ///< pages of this allocation; 0: free
    };

    std::uint64_t index(const void* page) const {
        return static_cast<std::uint64_t>(static_cast<const std::byte*>(page) - memory_.data()) / page_bytes;
    }
    std::byte* address(std::uint64_t page) const { return memory_.data() + page * page_bytes; }
    std::uint32_t find(unsigned count);
    void give_back(Account& account, std::uint32_t page);

    std::span<std::byte> memory_;
    HostPhysical physical_;
    std::span<Descriptor> descriptors_;
    std::uint64_t count_ = 0; ///< pages that can be had
    std::uint64_t serials_ = 0;
    std::uint32_t lowest_ = 0; ///< no page below this one is free
};
