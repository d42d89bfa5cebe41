// The C peer: the work of Towpath's pipeline in router mode, written for speed alone. Parse with header checks -> conntrack with TCP state
// and window check, counters of both directions -> Service -> Maglev -> masquerade -> rewrite -> route, TTL, neighbor -> counters of
// verdicts, Services and backends. IPv4 and TCP only, one thread, no expiry, no fragments, no ICMP.
//
// Usage: cnat hit|reply|new|hit-masquerade FLOWS CORE early|plain (see peer.h). 'early' goes through a burst of 64 in stages and prefetches
// what the next one needs; 'plain' brings each packet to its end before it looks at the next.
#include "peer.h"

#include <stdbool.h>
#include <sys/mman.h>

#define BURST 64
#define STRIDE 2176  // not a power of two, or the headers of all frames would share a few sets of the L1 cache
#define FRAME_LENGTH 64
#define NODE 0x0afa0001u  // the router's own address, for masquerade
#define MAX_TRIES 128

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSED, INVALID };
enum { ORIGINAL, REPLY };
enum { FORWARD_REQUEST, FORWARD_REPLY, DROP_HEADER, DROP_CHECKSUM, DROP_STATE, DROP_ROUTE, DROP_TTL, DROP_SERVICE, DROP_FULL, VERDICTS };

// What a packet of one direction is found by and gets: a cache line.
struct slot {
  u64 key[2];
  u32 source, destination;
  u16 source_port, destination_port;
  u16 l3_delta, l4_delta;
  u32 connection;
  u8 direction, used;
  u16 unused;
  u32 seen, unused2;
  u64 packets, bytes;
};
struct window {
  u32 end, max_end, max_window;
  u8 scale, unused[3];
};
// What both directions share: another one.
struct connection {
  struct window window[2];
  u32 max_ack[2];
  u32 last_sequence, last_ack, last_end;
  u8 state, seen_reply, last_flags, last_direction;
  u16 service, backend;
  u32 created;
};
_Static_assert(sizeof(struct slot) == 64 && sizeof(struct connection) == 64, "cache lines");

struct service {
  u32 vip;
  u16 port;
  u8 protocol, used;
  u32 id;
};
struct neighbor {
  u32 address, used;
  u8 mac[8];
};
struct counter {
  u64 packets, bytes;
};
struct parsed {
  u64 key[2];
  u32 hash;
  int verdict;
};

static struct slot *slots;
static u32 slot_mask;
static struct connection *connections;
static u32 connection_count, connection_limit;
static struct service services[16384];
static u32 ring[RING];
static struct {
  u32 address;
  u16 port;
} backends[BACKENDS + 1];
static u16 *routes;  // by the first 24 bits: 0 none, 1 on link, 2 by the gateway
static struct neighbor neighbors[1024];
static u32 gateway;
static struct counter verdicts[VERDICTS], service_counters[SERVICES], backend_counters[BACKENDS + 1];
static u8 *frames;
static u32 flows, seconds = 1;
static bool masquerade, early;
static u32 inserted[2 * NEW_FLOWS];  // slots, in order
static u32 inserted_count;

static void *map(size_t bytes) {
  const size_t huge = 2 << 20;
  u8 *at = mmap(0, bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) DIE("no memory for %zu bytes", bytes);
  at = (u8 *)(((uintptr_t)at + huge - 1) & ~(uintptr_t)(huge - 1));
  madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

static inline u16 get16(const u8 *at) { u16 v; memcpy(&v, at, 2); return v; }
static inline u32 get32(const u8 *at) { u32 v; memcpy(&v, at, 4); return v; }
static inline u64 get64(const u8 *at) { u64 v; memcpy(&v, at, 8); return v; }
static inline void put16(u8 *at, u16 v) { memcpy(at, &v, 2); }
static inline void put32(u8 *at, u32 v) { memcpy(at, &v, 4); }

static inline u16 fold(u64 s) {
  s = (s & 0xffffffff) + (s >> 32);
  s = (s & 0xffff) + (s >> 16);
  s = (s & 0xffff) + (s >> 16);
  return (s & 0xffff) + (s >> 16);
}
static inline u16 delta32(u32 old, u32 new) { return fold((u64)(u32)~old + new); }
static inline u16 delta16(u16 old, u16 new) { return fold((u64)(u16)~old + new); }
static inline u16 apply(u16 checksum, u16 delta) { return ~fold((u64)(u16)~checksum + delta); }
static inline u16 header_sum(const u8 *ip) {
  u64 s = 0;
  for (int i = 0; i < 20; i += 4) s += get32(ip + i);
  return fold(s);
}

static inline u32 hash_of(u64 a, u64 b) {
  u64 h = (a ^ b * 0x9E3779B97F4A7C15ull) * 0xBF58476D1CE4E5B9ull;
  h = (h ^ h >> 32) * 0x94D049BB133111EBull;
  return h >> 32;
}

static inline struct slot *find(const u64 *key, u32 hash) {
  for (u32 i = hash & slot_mask;; i = (i + 1) & slot_mask) {
    if (slots[i].key[0] == key[0] && slots[i].key[1] == key[1]) return &slots[i];
    if (!slots[i].used) return NULL;
  }
}

static struct slot *insert(const u64 *key) {
  u32 i = hash_of(key[0], key[1]) & slot_mask;
  while (slots[i].used) i = (i + 1) & slot_mask;
  if (inserted_count < 2 * NEW_FLOWS) inserted[inserted_count++] = i;
  slots[i].key[0] = key[0];
  slots[i].key[1] = key[1];
  slots[i].used = 1;
  return &slots[i];
}

static inline void parse(const u8 *d, struct parsed *p) {
  const u8 *ip = d + 14, *tcp = d + 34;
  p->verdict = DROP_HEADER;
  u32 total = ntohs(get16(ip + 2));
  if (get16(d + 12) != htons(0x0800) || ip[0] != 0x45 || get16(ip + 6) & htons(0x3fff) || ip[9] != 6) return;
  u32 header = (tcp[12] >> 4) * 4;
  if (total > FRAME_LENGTH - 14 || header < 20 || total < 20 + header) return;
  if (header_sum(ip) != 0xffff) {
    p->verdict = DROP_CHECKSUM;
    return;
  }
  p->key[0] = get64(ip + 12);
  p->key[1] = get32(tcp) | (u64)ip[9] << 32;
  p->hash = hash_of(p->key[0], p->key[1]);
  p->verdict = FORWARD_REQUEST;
}

static int next_state(int state, int direction, int flags, const struct connection *c) {
  if (flags & RST) return CLOSED;
  if (flags & SYN) {
    if (flags & ACK) return direction == REPLY && (state == SYN_SENT || state == SYN_RECV) ? SYN_RECV : state;
    return direction == ORIGINAL && (state == NONE || state == SYN_SENT) ? SYN_SENT : state;
  }
  if (flags & FIN) {
    if (state == SYN_RECV || state == ESTABLISHED) return FIN_WAIT;
    if (state == FIN_WAIT || state == CLOSE_WAIT) return LAST_ACK;
    return state == SYN_SENT || state == NONE ? INVALID : state;
  }
  if (!(flags & ACK) || state == SYN_SENT || state == NONE) return INVALID;
  if (state == SYN_RECV) return direction == ORIGINAL ? ESTABLISHED : c->seen_reply ? SYN_RECV : INVALID;
  if (state == FIN_WAIT) return CLOSE_WAIT;
  return state == LAST_ACK ? TIME_WAIT : state;
}

static int scale_option(const u8 *tcp, u32 header) {
  for (u32 at = 20; at < header;) {
    u8 kind = tcp[at];
    if (kind == 0) return 0;
    if (kind == 1) {
      at++;
      continue;
    }
    if (kind == 3) return tcp[at + 2] & 15;
    at += tcp[at + 1] < 2 ? 2 : tcp[at + 1];
  }
  return 0;
}

// The state machine and the window check of nf_conntrack, without SACK and the repair of half-open connections.
static inline bool track(struct connection *c, int direction, const u8 *d) {
  const u8 *tcp = d + 34;
  int flags = tcp[13];
  int next = next_state(c->state, direction, flags, c);
  if (next == INVALID) return false;
  struct window *sender = &c->window[direction], *receiver = &c->window[1 - direction];
  u32 header = (tcp[12] >> 4) * 4, length = ntohs(get16(d + 16)) - 20 - header;
  u32 sequence = ntohl(get32(tcp + 4)), ack = ntohl(get32(tcp + 8)), raw_window = ntohs(get16(tcp + 14));
  u32 end = sequence + length + ((flags & SYN) != 0) + (flags & FIN);
  if (flags & SYN && (c->state == NONE || sender->max_window == 0)) {
    *sender = (struct window){.end = end, .max_end = end, .max_window = raw_window ? raw_window : 1, .scale = scale_option(tcp, header)};
  }
  if (!(flags & ACK)) ack = receiver->end;
  u32 lag = sender->max_window > 66000 ? sender->max_window : 66000;
  if (!(flags & SYN && c->state <= SYN_SENT)) {
    if ((int)(sequence - sender->max_end) > 0) return false;
    if (receiver->max_window && (int)(end - (sender->end - receiver->max_window - 1)) <= 0) return false;
    if ((int)(ack - receiver->end) > 0 || (int)(ack - (receiver->end - lag - 1)) <= 0) return false;
  }
  u32 width = raw_window << (flags & SYN ? 0 : sender->scale);
  if (width > sender->max_window) sender->max_window = width;
  if ((int)(end - sender->end) > 0) sender->end = end;
  u32 edge = ack + (width ? width : 1);
  if ((int)(edge - receiver->max_end) > 0) receiver->max_end = edge;
  if ((int)(ack - c->max_ack[direction]) > 0 || !c->max_ack[direction]) c->max_ack[direction] = ack;
  if (direction == REPLY && !c->seen_reply) c->seen_reply = 1;
  if (c->state != next) c->state = next;
  c->last_sequence = sequence;
  c->last_ack = ack;
  c->last_end = end;
  c->last_flags = flags;
  c->last_direction = direction;
  return true;
}

static struct service *service_of(u32 vip, u16 port) {
  for (u32 i = hash_of(vip, port) & 16383; services[i].used; i = (i + 1) & 16383) {
    if (services[i].vip == vip && services[i].port == port && services[i].protocol == 6) return &services[i];
  }
  return NULL;
}

static void set_rewrite(struct slot *s, u32 old_source, u32 old_destination, u16 old_sport, u16 old_dport) {
  s->l3_delta = fold((u64)delta32(old_source, s->source) + delta32(old_destination, s->destination));
  s->l4_delta = fold((u64)s->l3_delta + delta16(old_sport, s->source_port) + delta16(old_dport, s->destination_port));
  s->seen = seconds;
  s->packets = s->bytes = 0;
}

// Opens a connection and returns the slot of its original direction; NULL with the verdict set if that cannot be.
static __attribute__((noinline)) struct slot *create(const u8 *d, struct parsed *p) {
  u32 source = get32(d + 26), vip = get32(d + 30);
  u16 source_port = get16(d + 34), port = get16(d + 36);
  struct service *service = service_of(vip, port);
  p->verdict = service ? DROP_FULL : DROP_SERVICE;
  if (!service || connection_count == connection_limit) return NULL;
  if ((d[47] & (SYN | ACK | RST | FIN)) != SYN) {
    p->verdict = DROP_STATE;
    return NULL;
  }
  u64 h = ((u64)source << 32 | (u32)source_port << 16 | port) * 0x9E3779B97F4A7C15ull;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9ull;
  h >>= 32;
  u32 b = service->id == 1 ? 0 : ring[h * RING >> 32];
  u32 shown = masquerade ? htonl(NODE) : source;
  u16 shown_port = source_port;
  u64 key[2] = {backends[b].address | (u64)shown << 32, 0};
  for (int tries = 0;; tries++) {
    key[1] = backends[b].port | (u32)shown_port << 16 | 6ull << 32;
    if (!find(key, hash_of(key[0], key[1]))) break;
    if (tries == MAX_TRIES) return NULL;
    h = h * 0x5851F42D4C957F2Dull + 0x14057B7EF767814Full;
    shown_port = htons(1024 + (h >> 40) % 64512);
  }
  u32 number = connection_count++;
  connections[number] = (struct connection){.service = service->id, .backend = b, .created = seconds};
  struct slot *reply = insert(key), *original = insert(p->key);
  original->connection = reply->connection = number;
  original->direction = ORIGINAL;
  original->source = shown;
  original->source_port = shown_port;
  original->destination = backends[b].address;
  original->destination_port = backends[b].port;
  set_rewrite(original, source, vip, source_port, port);
  reply->direction = REPLY;
  reply->source = vip;
  reply->source_port = port;
  reply->destination = source;
  reply->destination_port = source_port;
  set_rewrite(reply, backends[b].address, shown, backends[b].port, shown_port);
  p->verdict = FORWARD_REQUEST;
  return original;
}

static inline const struct neighbor *neighbor_of(u32 address) {
  for (u32 i = hash_of(address, 1) & 1023; neighbors[i].used; i = (i + 1) & 1023) {
    if (neighbors[i].address == address) return &neighbors[i];
  }
  return NULL;
}

static inline int rewrite_and_route(u8 *d, const struct slot *s) {
  u8 *ip = d + 14, *tcp = d + 34;
  u16 route = routes[ntohl(s->destination) >> 8];
  if (!route) return DROP_ROUTE;
  if (ip[8] <= 1) return DROP_TTL;
  const struct neighbor *hop = neighbor_of(route == 1 ? s->destination : gateway);
  if (!hop) return DROP_ROUTE;
  u16 old_ttl = get16(ip + 8);
  ip[8]--;
  put32(ip + 12, s->source);
  put32(ip + 16, s->destination);
  put16(tcp, s->source_port);
  put16(tcp + 2, s->destination_port);
  put16(ip + 10, apply(get16(ip + 10), fold((u64)s->l3_delta + delta16(old_ttl, get16(ip + 8)))));
  put16(tcp + 16, apply(get16(tcp + 16), s->l4_delta));
  memcpy(d, hop->mac, 6);
  memcpy(d + 6, "\x02\0\0\0\0\x01", 6);
  return s->direction == ORIGINAL ? FORWARD_REQUEST : FORWARD_REPLY;
}

static inline void count(struct counter *c) {
  c->packets++;
  c->bytes += FRAME_LENGTH;
}

static inline int finish(u8 *d, struct parsed *p) {
  struct slot *s = find(p->key, p->hash);
  if (!s && !(s = create(d, p))) return p->verdict;
  struct connection *c = &connections[s->connection];
  if (!track(c, s->direction, d)) return DROP_STATE;
  if (s->seen != seconds) s->seen = seconds;
  s->packets++;
  s->bytes += FRAME_LENGTH;
  int verdict = rewrite_and_route(d, s);
  count(&service_counters[c->service]);
  count(&backend_counters[c->backend]);
  return verdict;
}

static inline void process_plain(u8 *burst) {
  for (int i = 0; i < BURST; i++) {
    struct parsed p;
    u8 *d = burst + i * STRIDE;
    parse(d, &p);
    count(&verdicts[p.verdict == FORWARD_REQUEST ? finish(d, &p) : p.verdict]);
  }
}

static inline void process_early(u8 *burst) {
  struct parsed p[BURST];
  for (int i = 0; i < BURST; i++) {
    parse(burst + i * STRIDE, &p[i]);
    if (p[i].verdict == FORWARD_REQUEST) __builtin_prefetch(&slots[p[i].hash & slot_mask], 1);
  }
  for (int i = 0; i < BURST; i++) {
    if (p[i].verdict == FORWARD_REQUEST) __builtin_prefetch(&connections[slots[p[i].hash & slot_mask].connection], 1);
  }
  for (int i = 0; i < BURST; i++) {
    count(&verdicts[p[i].verdict == FORWARD_REQUEST ? finish(burst + i * STRIDE, &p[i]) : p[i].verdict]);
  }
}

static __attribute__((noinline)) void process(void) {
  if (early) process_early(frames);
  else process_plain(frames);
}

// The tuple of a segment as the wire has it; a flow's tuples are those of its first packet before and after it was processed.
struct tuple {
  u32 source, destination;
  u16 source_port, destination_port;
};

static struct tuple request_of(u32 flow, u32 vip) {
  return (struct tuple){htonl(CLIENT + (flow >> 12)), htonl(vip), htons(1024 + (flow & 4095)), htons(SERVICE_PORT)};
}

static struct tuple reverse_of_processed(const u8 *d) {
  return (struct tuple){get32(d + 30), get32(d + 26), get16(d + 36), get16(d + 34)};
}

static void write_frame(u8 *d, struct tuple t, int flags, u32 sequence, u32 ack) {
  u8 *ip = d + 14, *tcp = d + 34;
  bool syn = flags & SYN;
  memcpy(d, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14);
  put32(ip, htonl(0x45000000u | (syn ? 44 : 41)));
  put32(ip + 4, 0);
  put32(ip + 8, htonl(64u << 24 | 6u << 16));
  put32(ip + 12, t.source);
  put32(ip + 16, t.destination);
  put16(ip + 10, ~header_sum(ip));
  put16(tcp, t.source_port);
  put16(tcp + 2, t.destination_port);
  put32(tcp + 4, htonl(sequence));
  put32(tcp + 8, htonl(ack));
  put32(tcp + 12, htonl((syn ? 6u : 5u) << 28 | (u32)flags << 16 | 0xffff));
  put32(tcp + 16, 0x5678);
  if (syn) put32(tcp + 20, htonl(3u << 24 | 3u << 16 | 14u << 8));  // window scale 14
}

static u16 tcp_sum(const u8 *ip) {
  u32 length = ntohs(get16(ip + 2)) - 20;
  u64 sum = get32(ip + 12) + (u64)get32(ip + 16) + htons(6) + htons(length);
  u8 padded[FRAME_LENGTH] = {0};
  memcpy(padded, ip + 20, length);
  for (u32 i = 0; i < length; i += 2) sum += get16(padded + i);
  return fold(sum);
}

static u64 forwarded(void) { return verdicts[FORWARD_REQUEST].packets + verdicts[FORWARD_REPLY].packets; }

static void require(u64 before, u64 packets) {
  errno = 0;
  if (forwarded() - before != packets) {
    for (int i = 0; i < VERDICTS; i++) fprintf(stderr, "verdict %d: %llu\n", i, (unsigned long long)verdicts[i].packets);
    DIE("%llu packets of %llu forwarded", (unsigned long long)(forwarded() - before), (unsigned long long)packets);
  }
}

static u32 first_sequence(u32 flow) { return flow * 0x9E3779B1u; }

// Opens the flows, in their order, with a whole handshake. A last burst repeats the last flow.
static void establish(u32 vip) {
  struct tuple reverse[BURST];
  u32 flow[BURST], own[BURST];
  for (u32 first = 0; first < flows; first += BURST) {
    u64 before = forwarded();
    for (u32 i = 0; i < BURST; i++) {
      flow[i] = first + i < flows ? first + i : flows - 1;
      own[i] = first_sequence(flow[i]);
      write_frame(frames + i * STRIDE, request_of(flow[i], vip), SYN, own[i], 0);
    }
    process();
    for (u32 i = 0; i < BURST; i++) {
      reverse[i] = reverse_of_processed(frames + i * STRIDE);
      write_frame(frames + i * STRIDE, reverse[i], SYN | ACK, ~own[i], own[i] + 1);
    }
    process();
    for (u32 i = 0; i < BURST; i++) write_frame(frames + i * STRIDE, request_of(flow[i], vip), ACK, own[i] + 1, ~own[i] + 1);
    process();
    for (u32 i = 0; i < BURST; i++) write_frame(frames + i * STRIDE, reverse[i], ACK, ~own[i] + 1, own[i] + 1);
    process();
    require(before, 4 * BURST);
  }
}

// Sends a SYN and its answer once with whole checksums, and looks at those of what comes out.
static void check_translation(u32 vip) {
  u32 flow = FIRST_NEW_FLOW - 1, own = first_sequence(flow);
  struct tuple t = request_of(flow, vip);
  for (int direction = ORIGINAL; direction <= REPLY; direction++) {
    u8 *ip = frames + 14, *tcp = frames + 34;
    for (int i = 0; i < BURST; i++) {
      if (direction == ORIGINAL) write_frame(frames + i * STRIDE, t, SYN, own, 0);
      else write_frame(frames + i * STRIDE, t, SYN | ACK, ~own, own + 1);
    }
    put16(tcp + 16, 0);
    put16(tcp + 16, ~tcp_sum(ip));
    process();
    errno = 0;
    if (header_sum(ip) != 0xffff || tcp_sum(ip) != 0xffff) DIE("direction %d: wrong checksum", direction);
    if (direction == ORIGINAL && ntohs(get16(tcp + 2)) != BACKEND_PORT) DIE("the request was not translated");
    if (direction == REPLY && (get32(ip + 12) != htonl(vip) || ntohl(get32(ip + 16)) != CLIENT + (flow >> 12))) DIE("wrong reply");
    t = reverse_of_processed(frames);
  }
}

static u32 vip;
static bool replies;
static struct chunks chunks;

static double sample_hits(void) {
  static u64 counter, sent;
  int bits = bits_of(flows);
  u64 mask = (1ull << bits) - 1, packets = 0, before = forwarded();
  chunks = (struct chunks){0};
  for (double end = now_ns() + SAMPLE_NS; now_ns() < end || !chunks.count;) {
    u32 pass = sent / flows + 2;
    for (int i = 0; i < BURST; i++) {
      counter = (counter * 0x5851F42D4C957F2Dull + 0x14057B7EF767814Full) & mask;
      u32 flow = (counter ^ counter >> 5) * flows >> bits, own = first_sequence(flow), peers = ~own;
      if (replies) {
        struct tuple t = {htonl(FIRST_BACKEND), htonl(CLIENT + (flow >> 12)), htons(BACKEND_PORT), htons(1024 + (flow & 4095))};
        write_frame(frames + i * STRIDE, t, ACK, peers + pass, own + 1);
      } else {
        write_frame(frames + i * STRIDE, request_of(flow, vip), ACK, own + pass, peers + 1);
      }
    }
    double start = now_ns();
    process();
    add_time(&chunks, now_ns() - start, BURST);
    packets += BURST;
    sent += BURST;
  }
  require(before, packets);
  return median(&chunks);
}

static double sample_new(void) {
  u32 kept = connection_count;
  u64 before = forwarded();
  chunks = (struct chunks){0};
  inserted_count = 0;
  for (u32 n = 0; n < NEW_FLOWS; n += BURST) {
    for (u32 i = 0; i < BURST; i++) {
      u32 flow = FIRST_NEW_FLOW + n + i;
      write_frame(frames + i * STRIDE, request_of(flow, vip), SYN, first_sequence(flow), 0);
    }
    double start = now_ns();
    process();
    add_time(&chunks, now_ns() - start, BURST);
  }
  require(before, NEW_FLOWS);
  for (u32 i = 0; i < inserted_count; i++) memset(&slots[inserted[i]], 0, sizeof *slots);
  connection_count = kept;
  return median(&chunks);
}

static void add_neighbor(u32 address) {
  u32 i = hash_of(htonl(address), 1) & 1023;
  while (neighbors[i].used) i = (i + 1) & 1023;
  neighbors[i] = (struct neighbor){.address = htonl(address), .used = 1, .mac = {2, 0, address >> 24, address >> 16, address >> 8, address}};
}

static void set_up(void) {
  u32 capacity = capacity_of(flows);
  connection_limit = capacity;
  slot_mask = (1u << bits_of(4 * capacity)) - 1;  // at most half full: 2 slots a connection
  slots = map((size_t)(slot_mask + 1) * sizeof *slots);
  connections = map((size_t)capacity * sizeof *connections);
  frames = map(BURST * STRIDE);
  routes = map(sizeof *routes << 24);
  for (u32 i = 0; i < SERVICES; i++) {
    u32 address = htonl(i == 0 ? VIP : i == 1 ? VIP_OF_ONE : 0x0ac90000u + i), at = hash_of(address, htons(SERVICE_PORT)) & 16383;
    while (services[at].used) at = (at + 1) & 16383;
    services[at] = (struct service){address, htons(SERVICE_PORT), 6, 1, i};
  }
  fill_ring(ring);
  for (u32 i = 0; i <= BACKENDS; i++) {
    backends[i].address = htonl(FIRST_BACKEND + i);
    backends[i].port = htons(BACKEND_PORT);
    add_neighbor(FIRST_BACKEND + i);
    routes[(FIRST_BACKEND + i) >> 8] = 1;
  }
  for (u32 i = 0; i < 1u << 15; i++) routes[(CLIENT >> 8) + i] = routes[(CLIENT >> 8) + i] ? routes[(CLIENT >> 8) + i] : 2;
  gateway = htonl(0x0afb0002u);
  add_neighbor(0x0afb0002u);
}

int main(int argc, char **argv) {
  if (argc != 5) DIE("usage: cnat hit|reply|new|hit-masquerade FLOWS CORE early|plain");
  const char *path = argv[1];
  flows = strtoul(argv[2], NULL, 10);
  pin(atoi(argv[3]));
  early = !strcmp(argv[4], "early");
  masquerade = !strcmp(path, "hit-masquerade");
  replies = !strcmp(path, "reply");
  vip = replies ? VIP_OF_ONE : VIP;
  set_up();
  check_translation(vip);
  establish(vip);
  if (!strcmp(path, "new")) {
    serve(sample_new);
  } else {
    serve(sample_hits);
  }
  return 0;
}
