// What all peers share: how they talk to 'towpath bench core', the clock, the flows and the addresses.
//
// A peer prepares its tables, prints "ready", and then answers each line "go" with one line: nanoseconds a packet of a sample. It ends with
// its input. Flows are numbers: the client is 10.0.0.0 + flow / 4096, its port 1024 + flow % 4096; io.towpath.bench.core.Flows has the same.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define DIE(...)                                                 \
  do {                                                           \
    fprintf(stderr, __VA_ARGS__);                                \
    fprintf(stderr, errno ? ": %s\n" : "\n", strerror(errno));   \
    exit(1);                                                     \
  } while (0)

#define CLIENT 0x0a000000u
#define VIP 0x0ac80101u          // has BACKENDS backends, by Maglev
#define VIP_OF_ONE 0x0ac80102u   // has the backend FIRST_BACKEND alone
#define FIRST_BACKEND 0x0a640100u
#define BACKENDS 255u
#define SERVICE_PORT 80
#define BACKEND_PORT 8080
#define SERVICES 5000u
#define RING 65537u

#define NEW_FLOWS 131072u        // opened in a sample, from this number on
#define FIRST_NEW_FLOW 0x20000000u
#define SAMPLE_NS 100e6

static inline double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

// Times of chunks of packets. Their median is a sample's time: what other programs took while a chunk ran is in few of them. (The kernel
// leaves it out of the time of BPF_PROG_RUN.)
#define CHUNK 512
#define MAX_CHUNKS 65536
struct chunks {
  double ns[MAX_CHUNKS], current_ns;
  u32 count, packets;
};

static inline void add_time(struct chunks *c, double ns, u32 packets) {
  c->current_ns += ns;
  c->packets += packets;
  if (c->packets >= CHUNK) {
    if (c->count < MAX_CHUNKS) c->ns[c->count++] = c->current_ns / c->packets;
    c->current_ns = c->packets = 0;
  }
}

static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline double median(struct chunks *c) {
  qsort(c->ns, c->count, sizeof *c->ns, compare_doubles);
  return c->ns[c->count / 2];
}

static inline void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set)) DIE("cannot pin to core %d", core);
}

static inline int bits_of(u32 flows) {
  int bits = 0;
  while ((1ull << bits) < flows) bits++;
  return bits;
}

// Connections that every table has room for.
static inline u32 capacity_of(u32 flows) { return flows + flows / 4 + (1u << 18); }

// The Maglev table of BACKENDS backends: their numbers, from 1.
static inline void fill_ring(u32 *ring) {
  u32 next[BACKENDS] = {0}, done = 0;
  memset(ring, 0xff, RING * sizeof *ring);
  while (done < RING) {
    for (u32 b = 0; b < BACKENDS && done < RING; b++) {
      u32 offset = b * 2654435761u % RING, skip = (b * 40503u + 12345u) % (RING - 1) + 1, slot;
      do slot = (offset + (u64)next[b]++ * skip) % RING;
      while (ring[slot] != ~0u);
      ring[slot] = b + 1;
      done++;
    }
  }
}

// Answers "go" lines with sample().
static inline void serve(double (*sample)(void)) {
  char line[16];
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    printf("%.2f\n", sample());
    fflush(stdout);
  }
}
