// Memory straight from the system: zero, taken only where it is touched, in large pages where the system has them.

#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <utility>

namespace bandstand {

class Memory {
  public:
    Memory() = default;

    explicit Memory(size_t bytes) : bytes_(bytes + LARGE_PAGE) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#if defined(MAP_NORESERVE)
        flags |= MAP_NORESERVE;
#endif
        mapped_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (mapped_ == MAP_FAILED) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
        madvise(mapped_, bytes_, MADV_HUGEPAGE);
#endif
    }

    Memory(Memory&& other) noexcept : mapped_(std::exchange(other.mapped_, MAP_FAILED)), bytes_(other.bytes_) {}

    Memory& operator=(Memory&& other) noexcept {
        std::swap(mapped_, other.mapped_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    ~Memory() {
        if (mapped_ != MAP_FAILED) munmap(mapped_, bytes_);
    }

    char* begin() const {
        const auto address = reinterpret_cast<size_t>(mapped_);
        return reinterpret_cast<char*>((address + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
    }

    size_t bytes() const { return bytes_ - LARGE_PAGE; }

  private:
    static constexpr size_t LARGE_PAGE = size_t(1) << 21;
    void* mapped_ = MAP_FAILED;
    size_t bytes_ = LARGE_PAGE;
};

}  // namespace bandstand
