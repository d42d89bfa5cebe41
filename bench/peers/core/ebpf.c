// Loads ct.bpf.o, checks that it translates, and measures it. Usage: ebpf OBJECT hit|reply|new|new-full FLOWS CORE (root; see peer.h).
//
// The time is the kernel's own, of the loop within BPF_PROG_RUN: the system call itself waits for RCU grace periods of many milliseconds.
#include "peer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>
#include <unistd.h>

#define TX 3  // XDP_TX

struct globals {
  u64 counter, mask, flows, bits, verdicts[4];
};
struct ct_key {
  u32 saddr, daddr;
  u16 sport, dport;
  u8 proto, pad[3];
};
struct ct_val {
  u32 addr;
  u16 port, l3d, l4d;
  u8 src, state;
  u32 seen;
};

static struct bpf_object *object;
static int globals_fd;
static u8 packet[256];
static int packet_length;
static u32 flows;
static const char *program, *base_program;
static unsigned repeat;

static int map_fd(const char *name) { return bpf_object__find_map_fd_by_name(object, name); }
static int program_fd(const char *name) { return bpf_program__fd(bpf_object__find_program_by_name(object, name)); }

static void set_globals(u64 counter) {
  int bits = bits_of(flows);
  struct globals g = {.counter = counter, .mask = (1ull << bits) - 1, .flows = flows, .bits = bits};
  u32 zero = 0;
  if (bpf_map_update_elem(globals_fd, &zero, &g, 0)) DIE("cannot write the program's variables");
}

static struct globals get_globals(void) {
  struct globals g;
  u32 zero = 0;
  if (bpf_map_lookup_elem(globals_fd, &zero, &g)) DIE("cannot read the program's variables");
  return g;
}

// Returns nanoseconds a run.
static unsigned run(const char *name, unsigned times) {
  u8 out[2048];
  LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = packet, .data_size_in = packet_length, .data_out = out,
              .data_size_out = sizeof out, .repeat = times);
  if (bpf_prog_test_run_opts(program_fd(name), &o)) DIE("cannot run the program %s", name);
  if (o.retval != TX) DIE("%s: verdict %u", name, o.retval);
  return o.duration;
}

static u16 sum(const u8 *b, int length, u32 s) {
  for (int i = 0; i + 1 < length; i += 2) s += b[i] << 8 | b[i + 1];
  while (s >> 16) s = (s & 0xffff) + (s >> 16);
  return s;
}

static void put16(u8 *at, u16 value) {
  value = htons(value);
  memcpy(at, &value, 2);
}

static void put32(u8 *at, u32 value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static u32 get32(const u8 *at) {
  u32 value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

// Writes a TCP segment with 10 bytes of payload: a frame of 64 bytes.
static void make_packet(int flags, u32 source, u32 destination, int source_port, int destination_port) {
  u8 *ip = packet + 14, *tcp = packet + 34;
  memset(packet, 0, sizeof packet);
  packet_length = 64;
  put16(packet + 12, 0x0800);
  ip[0] = 0x45;
  put16(ip + 2, 50);
  ip[8] = 64;
  ip[9] = 6;
  put32(ip + 12, source);
  put32(ip + 16, destination);
  put16(ip + 10, ~sum(ip, 20, 0));
  put16(tcp, source_port);
  put16(tcp + 2, destination_port);
  tcp[12] = 0x50;
  tcp[13] = flags;
  put16(tcp + 16, ~sum(tcp, 30, sum(ip + 12, 8, 6 + 30)));
}

// Sends the packet once, checks its checksums, and returns the address at an offset of what came out.
static u32 check(const char *what, int at) {
  u8 out[2048];
  LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = packet, .data_size_in = packet_length, .data_out = out,
              .data_size_out = sizeof out, .repeat = 1);
  if (bpf_prog_test_run_opts(program_fd("single"), &o)) DIE("cannot run the program");
  u8 *ip = out + 14, *tcp = out + 34;
  errno = 0;
  if (o.retval != TX) DIE("%s: verdict %u", what, o.retval);
  if (sum(ip, 20, 0) != 0xffff || sum(tcp, 30, sum(ip + 12, 8, 6 + 30)) != 0xffff) DIE("%s: wrong checksum", what);
  return get32(out + at);
}

static void check_translation(void) {
  u32 client = 0x0b000001;
  make_packet(2, client, VIP, 5555, SERVICE_PORT);
  u32 backend = check("SYN", 30);
  make_packet(0x10, client, VIP, 5555, SERVICE_PORT);
  if (check("ACK", 30) != backend) DIE("the ACK went to another backend");
  make_packet(0x12, backend, client, BACKEND_PORT, 5555);
  if (check("reply", 26) != VIP) DIE("the reply does not come from the Service");
}

static void update(int fd, const void *key, const void *value) {
  if (bpf_map_update_elem(fd, key, value, 0)) DIE("cannot fill a map");
}

static void fill_maps(void) {
  struct {
    u32 vip;
    u16 port;
    u8 proto, pad;
  } service = {.port = htons(SERVICE_PORT)};
  for (u32 i = 0; i < SERVICES; i++) {
    u32 id[2] = {i % 64, 0};
    service.vip = htonl(i == 0 ? VIP : i == 1 ? VIP_OF_ONE : 0x0ac90000u + i);
    service.proto = 6;
    update(map_fd("svc"), &service, id);
    service.proto = 17;
    update(map_fd("svc"), &service, id);
  }
  for (u32 i = 0; i <= BACKENDS; i++) {
    struct {
      u32 address;
      u16 port, pad;
    } backend = {htonl(FIRST_BACKEND + i), htons(BACKEND_PORT), 0};
    update(map_fd("backends"), &i, &backend);
  }
  static u32 ring[RING];
  fill_ring(ring);
  for (u32 i = 0; i < RING; i++) {
    u32 second = RING + i, zero = 0;
    update(map_fd("maglev"), &i, &ring[i]);
    update(map_fd("maglev"), &second, &zero);
  }
}

static void load(const char *file) {
  struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  libbpf_set_print(NULL);
  object = bpf_object__open_file(file, NULL);
  if (!object) DIE("cannot open %s", file);
  // Each connection takes two entries.
  bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "ct"), 2 * capacity_of(flows));
  if (bpf_object__load(object)) DIE("the kernel does not load %s (root?)", file);
  struct bpf_map *map;
  bpf_object__for_each_map(map, object) if (strstr(bpf_map__name(map), ".bss")) globals_fd = bpf_map__fd(map);
}

static void remove_new_flows(void) {
  int fd = map_fd("ct");
  for (u32 i = 0; i < NEW_FLOWS; i++) {
    u32 flow = FIRST_NEW_FLOW + i;
    struct ct_key key = {htonl(CLIENT + (flow >> 12)), htonl(VIP), htons(1024 + (flow & 0xfff)), htons(SERVICE_PORT), 6, {0}};
    struct ct_val value;
    if (bpf_map_lookup_elem(fd, &key, &value)) continue;  // evicted
    struct ct_key reply = {value.addr, key.saddr, value.port, key.sport, 6, {0}};
    bpf_map_delete_elem(fd, &key);
    bpf_map_delete_elem(fd, &reply);
  }
}

static double sample_new(void) {
  set_globals(FIRST_NEW_FLOW);
  double base = run("open_flow_base", NEW_FLOWS);
  set_globals(FIRST_NEW_FLOW);
  double ns = run("open_flow", NEW_FLOWS);
  errno = 0;
  if (get_globals().verdicts[2] != NEW_FLOWS) DIE("%llu new flows", (unsigned long long)get_globals().verdicts[2]);
  remove_new_flows();
  return ns - base;
}

// The table is full: each new flow displaces the least recently used entries.
static double sample_new_full(void) {
  static u64 opened = 0;
  double base = run("open_flow_base", NEW_FLOWS);
  set_globals(FIRST_NEW_FLOW + opened);
  double ns = run("open_flow", NEW_FLOWS);
  opened += NEW_FLOWS;
  return ns - base;
}

static double sample_hits(void) {
  static u64 counter;
  double base = run(base_program, repeat);
  set_globals(counter);
  double ns = run(program, repeat);
  struct globals g = get_globals();
  errno = 0;
  // LRU_HASH is approximate and may have lost a few.
  if (g.verdicts[1] < repeat / 1000 * 999) DIE("%llu hits of %u", (unsigned long long)g.verdicts[1], repeat);
  counter = g.counter;
  return ns - base;
}

int main(int argc, char **argv) {
  if (argc != 5) DIE("usage: ebpf OBJECT hit|reply|new|new-full FLOWS CORE");
  const char *path = argv[2];
  flows = strtoul(argv[3], NULL, 10);
  pin(atoi(argv[4]));
  load(argv[1]);
  fill_maps();
  check_translation();
  int reply = !strcmp(path, "reply");
  make_packet(2, 1, VIP, 1, SERVICE_PORT);
  set_globals(0);
  run(reply ? "open_flow_to_one" : "open_flow", flows);
  if (!strcmp(path, "new")) {
    serve(sample_new);
    return 0;
  }
  if (!strcmp(path, "new-full")) {
    run("open_flow", 2 * capacity_of(flows));
    serve(sample_new_full);
    return 0;
  }
  program = reply ? "reply" : "request";
  base_program = reply ? "reply_base" : "request_base";
  make_packet(0x10, 1, VIP, 1, SERVICE_PORT);
  set_globals(0);
  repeat = 1 << 18;
  unsigned ns = run(program, repeat);
  repeat = SAMPLE_NS / (ns ? ns : 1);
  serve(sample_hits);
  return 0;
}
