// Threads that do one thing together: a region of phases, each of them a number of tasks that are done by whoever is free.
//
// Each thread has a stretch of the tasks and goes through it in order, so that it reads memory in one stream; who has finished his goes on
// with the next one's. Trap: handing the tasks out one by one costs 40 % of the speed, for each thread then jumps over the others' tasks.
//
// Nobody waits for a thread that has no task: one that sleeps, or lost its core between tasks, finds when it comes back that its phase is
// over and goes on to where the others are. So a region ends even if the caller does all of it alone. Who finds no task looks again for
// some microseconds and then sleeps, so that its core is free for whom it waits for.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace bandstand {

class Team {
  public:
    // One thread's part in a region.
    class Member {
      public:
        Member(Team& team, int thread, uint32_t phase) : thread(thread), team_(team), phase_(phase) {}

        // One phase: task(index) for each index below count. Returns when all are done, by whomever.
        template <class Task>
        void share(int count, Task task) {
            if (count == 0) return;
            stretch_ = thread;
            for (int index; (index = team_.take(*this, count)) >= 0;) {
                task(index);
                team_.finish(phase_, count);
            }
            ++phase_;
        }

        const int thread;

      private:
        friend class Team;
        Team& team_;
        uint32_t phase_;
        int stretch_ = 0;  // that it takes tasks from
    };

    using Job = std::function<void(Member&)>;

    explicit Team(int size) : size_(size), stretches_(size_t(size)) {
        for (int thread = 1; thread < size; ++thread)
            threads_.emplace_back([this, thread] { serve(thread); });
    }

    ~Team() {
        job_ = nullptr;
        open();
        for (std::thread& thread : threads_) thread.join();
    }

    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    int size() const { return size_; }

    // A region: every thread that is awake runs the job, the caller too; each must go through the same phases.
    void together(const Job& job) {
        job_ = &job;
        first_phase_ = phase_.load(std::memory_order_relaxed);
        open();
        Member caller(*this, 0, first_phase_);
        job(caller);
        close();
    }

  private:
    static constexpr int LOOKS = 1000;

    // A region is open while its number is odd.
    void open() {
        region_.fetch_add(1, std::memory_order_seq_cst);
        region_.notify_all();
    }

    // Nothing that the job reads may change while somebody is inside; whoever comes now finds the region closed.
    void close() {
        region_.fetch_add(1, std::memory_order_seq_cst);
        await(inside_, [](int inside) { return inside == 0; });
    }

    void serve(int thread) {
        for (uint32_t seen = 0;;) {
            seen = await(region_, [seen](uint32_t region) { return region % 2 == 1 && region != seen; });
            inside_.fetch_add(1, std::memory_order_seq_cst);
            if (region_.load(std::memory_order_seq_cst) == seen) {
                if (job_ == nullptr) return;
                Member member(*this, thread, first_phase_);
                (*job_)(member);
            }
            if (inside_.fetch_sub(1, std::memory_order_seq_cst) == 1) inside_.notify_all();
        }
    }

    // The next task of the member's phase; -1 when the phase is over, which may take waiting.
    int take(Member& member, int count) {
        const uint32_t phase = member.phase_;
        for (int tried = 0; tried < size_; ++tried) {
            const int begin = int(int64_t(count) * member.stretch_ / size_);
            const int end = int(int64_t(count) * (member.stretch_ + 1) / size_);
            std::atomic<uint64_t>& taken = stretches_[size_t(member.stretch_)].taken;
            uint64_t now = taken.load(std::memory_order_acquire);
            while (uint32_t(now >> 32) == phase && begin + int(uint32_t(now)) < end)
                if (taken.compare_exchange_weak(now, now + 1, std::memory_order_acquire)) return begin + int(uint32_t(now));
            member.stretch_ = (member.stretch_ + 1) % size_;
        }
        // Trap: a stretch of the next phase does not say yet that all of them are.
        await(phase_, [phase](uint32_t now) { return int32_t(now - phase) > 0; });
        return -1;
    }

    // The last one of a phase begins the next: first the stretches, then the number that lets others go on.
    void finish(uint32_t phase, int count) {
        if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 < count) return;
        done_.store(0, std::memory_order_relaxed);
        for (Stretch& stretch : stretches_) stretch.taken.store(uint64_t(phase + 1) << 32, std::memory_order_release);
        // Trap: a weaker store may still be on its way when notify_all looks whether anybody waits; who is about to then sleeps for ever.
        phase_.store(phase + 1, std::memory_order_seq_cst);
        phase_.notify_all();
    }

    // Returns the number that will do.
    template <class Number, class Enough>
    static Number await(const std::atomic<Number>& number, Enough is_enough) {
        for (int look = 0;; ++look) {
            const Number now = number.load(std::memory_order_seq_cst);
            if (is_enough(now)) return now;
            if (look < LOOKS)
                rest();
            else
                number.wait(now, std::memory_order_seq_cst);
        }
    }

    static void rest() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

    // The phase, and in the lower half how many of its tasks in this stretch are taken.
    struct alignas(64) Stretch {
        std::atomic<uint64_t> taken{0};
    };

    const int size_;
    std::vector<Stretch> stretches_;
    const Job* job_ = nullptr;
    uint32_t first_phase_ = 0;
    std::vector<std::thread> threads_;
    alignas(64) std::atomic<uint32_t> region_{0};
    alignas(64) std::atomic<int> inside_{0};
    alignas(64) std::atomic<uint32_t> phase_{0};
    alignas(64) std::atomic<int> done_{0};
};

}  // namespace bandstand
