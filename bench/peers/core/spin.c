// What a core takes away from any program: reads the clock over and over and counts the gaps. Usage: spin CORE; answers each line
// "go" with one line: "SPUN_NS GAPS_OVER_LIMIT... LONGEST_NS" for the limits that follow CORE, in nanoseconds, after a second.
#include "peer.h"

#define SPIN_NS 1000000000ull
#define MAX_LIMITS 8

static u64 clock_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int main(int argc, char **argv) {
  int limits = argc - 2;
  u64 limit[MAX_LIMITS];
  if (limits < 1 || limits > MAX_LIMITS) DIE("usage: spin CORE LIMIT_NS...");
  pin(atoi(argv[1]));
  for (int i = 0; i < limits; i++) limit[i] = strtoull(argv[2 + i], NULL, 10);
  char line[16];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    u64 over[MAX_LIMITS] = {0}, longest = 0, start = clock_ns(), last = start;
    while (last - start < SPIN_NS) {
      u64 now = clock_ns(), gap = now - last;
      last = now;
      if (gap <= limit[0]) continue;
      for (int i = 0; i < limits; i++) over[i] += gap > limit[i];
      longest = gap > longest ? gap : longest;
    }
    printf("%llu", (unsigned long long)(last - start));
    for (int i = 0; i < limits; i++) printf(" %llu", (unsigned long long)over[i]);
    printf(" %llu\n", (unsigned long long)longest);
    fflush(stdout);
  }
  return 0;
}
