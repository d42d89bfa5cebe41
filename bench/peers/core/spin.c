// What a core takes away from any program: reads the clock over and over, and does a piece of work between two readings. Usage: spin CORE
// SLICE_MS WORK_NS; answers each line "go" after a slice with the times from one reading to the next: "NS:COUNT NS:COUNT ...".
#include "peer.h"

#define SUB_BITS 7 // values of a power of two stand apart by 1/128 at most
#define BUCKETS ((65 - SUB_BITS) << SUB_BITS)
#define CALIBRATION 1000000ull

static u64 clock_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

// Steps that each need the one before, in registers alone.
static u64 work(u64 state, u64 steps) {
  for (u64 i = 0; i < steps; i++) {
    state = state * 0x5851f42d4c957f2dull + 1;
    __asm__ volatile("" : "+r"(state));
  }
  return state;
}

static u64 steps_of(u64 ns) {
  u64 best = UINT64_MAX;
  for (int i = 0; i < 10; i++) {
    u64 start = clock_ns();
    work(i, CALIBRATION);
    u64 took = clock_ns() - start;
    best = took < best ? took : best;
  }
  return ns * CALIBRATION / best;
}

static u32 bucket(u64 ns) {
  if (ns < 2u << SUB_BITS) return ns;
  u32 shift = 63 - SUB_BITS - __builtin_clzll(ns);
  return (shift << SUB_BITS) + (ns >> shift);
}

static u64 least_of(u32 bucket) {
  if (bucket < 2u << SUB_BITS) return bucket;
  u32 shift = (bucket >> SUB_BITS) - 1;
  return (u64)(bucket - (shift << SUB_BITS)) << shift;
}

int main(int argc, char **argv) {
  if (argc != 4) DIE("usage: spin CORE SLICE_MS WORK_NS");
  pin(atoi(argv[1]));
  u64 slice_ns = strtoull(argv[2], NULL, 10) * 1000000, steps = steps_of(strtoull(argv[3], NULL, 10)), state = 1;
  static u64 count[BUCKETS];
  char line[16];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    memset(count, 0, sizeof count);
    for (u64 start = clock_ns(), last = start, now; last - start < slice_ns; last = now) {
      state = work(state, steps);
      now = clock_ns();
      count[bucket(now - last)]++;
    }
    for (u32 i = 0; i < BUCKETS; i++)
      if (count[i]) printf("%llu:%llu ", (unsigned long long)least_of(i), (unsigned long long)count[i]);
    puts("");
    fflush(stdout);
  }
  return 0;
}
