// The eBPF peer: a minimal Service DNAT with connection tracking as an XDP program, run by the kernel over a packet in memory
// (BPF_PROG_RUN). Parse Ethernet, IPv4, TCP or UDP -> conntrack -> (service -> Maglev -> two insertions) -> rewrite. It has no TCP state
// machine, no counters but that of verdicts, and no routing: less work than Towpath's.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ALWAYS_INLINE static __attribute__((always_inline)) inline
#define RING 65537
#define MAX_SERVICES 64

// The key is built as two 64-bit stores: stores field by field, read back as wider words by the map's hash and comparison, defeat
// store-to-load forwarding and serialise the cache misses of consecutive packets.
struct ct_key {
  union {
    struct {
      __be32 saddr, daddr;
      __be16 sport, dport;
      __u8 proto, pad[3];
    };
    __u64 w[2];
  };
};
struct ct_val {
  __be32 addr;
  __be16 port;
  __u16 l3d, l4d;
  __u8 src, state;  // src=1: rewrite the source (reply)
  __u32 seen;
};
struct svc_key {
  __be32 vip;
  __be16 port;
  __u8 proto, pad;
};
struct svc_val {
  __u32 id, flags;
};
struct backend {
  __be32 addr;
  __be16 port, pad;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __type(key, struct ct_key);
  __type(value, struct ct_val);
  __uint(max_entries, 4 << 20);
} ct SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, struct svc_key);
  __type(value, struct svc_val);
  __uint(max_entries, 65536);
} svc SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, MAX_SERVICES *RING);
} maglev SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, struct backend);
  __uint(max_entries, 65536);
} backends SEC(".maps");
volatile struct {
  __u64 counter, mask, flows, bits, verdicts[4];  // verdicts: 0 pass, 1 hit, 2 new, 3 drop
} g;

ALWAYS_INLINE __u16 fold(__u32 s) {
  s = (s & 0xffff) + (s >> 16);
  s = (s & 0xffff) + (s >> 16);
  return s;
}
ALWAYS_INLINE __u16 d32(__be32 o, __be32 n) {
  return fold((~o & 0xffff) + ((~o >> 16) & 0xffff) + (n & 0xffff) + (n >> 16));
}
ALWAYS_INLINE __u16 d16(__u16 d, __be16 o, __be16 n) { return fold((__u32)d + (__u16)~o + n); }
ALWAYS_INLINE __u16 apply(__u16 c, __u16 d) { return ~fold((__u32)(__u16)~c + d); }

struct l4 {
  __be16 sport, dport;
};
ALWAYS_INLINE void rewrite(struct iphdr *ip, struct l4 *l4, void *end, const struct ct_val *v) {
  if (v->src) {
    ip->saddr = v->addr;
    l4->sport = v->port;
  } else {
    ip->daddr = v->addr;
    l4->dport = v->port;
  }
  ip->check = apply(ip->check, v->l3d);
  if (ip->protocol == IPPROTO_TCP) {
    __u16 *c = (void *)l4 + 16;
    if ((void *)(c + 1) <= end) *c = apply(*c, v->l4d);
  } else {
    __u16 *c = (void *)l4 + 6;
    if ((void *)(c + 1) <= end && *c) {
      __u16 x = apply(*c, v->l4d);
      *c = x ? x : 0xffff;
    }
  }
}

ALWAYS_INLINE int process(struct xdp_md *ctx) {
  void *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
  struct ethhdr *eth = d;
  struct iphdr *ip = d + 14;
  struct l4 *l4 = d + 34;
  if (d + 42 > e) return XDP_PASS;
  if (eth->h_proto != bpf_htons(ETH_P_IP)) return XDP_PASS;
  if (*(__u8 *)ip != 0x45 || (ip->frag_off & bpf_htons(0x3fff))) return XDP_PASS;  // options, fragments: slow path
  struct ct_key k;
  __u8 tf = 0, proto = ip->protocol;
  if (ip->protocol == IPPROTO_TCP) {
    if (d + 54 > e) return XDP_DROP;
    tf = *(__u8 *)(d + 47);
  } else if (ip->protocol != IPPROTO_UDP) {
    return XDP_PASS;
  }
  __u64 w1 = *(volatile __u32 *)l4 | (__u64)proto << 32;
  *(volatile __u64 *)&k.w[0] = *(volatile __u64 *)&ip->saddr;
  *(volatile __u64 *)&k.w[1] = w1;
  __u32 now = (__u32)bpf_jiffies64();
  struct ct_val *v = bpf_map_lookup_elem(&ct, &k);
  if (v) {
    if (v->seen != now) v->seen = now;
    if (tf & 0x07) v->state |= tf & 0x07;  // FIN, SYN, RST
    rewrite(ip, l4, e, v);
    g.verdicts[1]++;
    return XDP_TX;
  }
  struct svc_key sk = {.vip = k.daddr, .port = k.dport, .proto = k.proto};
  struct svc_val *s = bpf_map_lookup_elem(&svc, &sk);
  if (!s) {
    g.verdicts[0]++;
    return XDP_PASS;
  }
  __u64 h = ((__u64)k.saddr << 32 | (__u32)k.sport << 16 | k.dport) * 0x9E3779B97F4A7C15ULL;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9ULL;
  h >>= 32;
  __u32 slot = s->id * RING + (__u32)((h * RING) >> 32);
  __u32 *bi = bpf_map_lookup_elem(&maglev, &slot);
  if (!bi) return XDP_DROP;
  __u32 b = *bi;
  struct backend *be = bpf_map_lookup_elem(&backends, &b);
  if (!be) return XDP_DROP;
  struct ct_val f = {.addr = be->addr, .port = be->port, .seen = now, .state = tf & 7};
  f.l3d = d32(k.daddr, be->addr);
  f.l4d = d16(f.l3d, k.dport, be->port);
  struct ct_key rk = {.saddr = be->addr, .daddr = k.saddr, .sport = be->port, .dport = k.sport, .proto = k.proto};
  struct ct_val r = {.addr = k.daddr, .port = k.dport, .seen = now, .src = 1};
  r.l3d = d32(be->addr, k.daddr);
  r.l4d = d16(r.l3d, be->port, k.dport);
  if (bpf_map_update_elem(&ct, &rk, &r, BPF_ANY) || bpf_map_update_elem(&ct, &k, &f, BPF_ANY)) {
    g.verdicts[3]++;
    return XDP_DROP;
  }
  rewrite(ip, l4, e, &f);
  g.verdicts[2]++;
  return XDP_TX;
}

// For the check of single packets.
SEC("xdp") int single(struct xdp_md *ctx) { return process(ctx); }

// The rest is the load: each run writes the header fields of another flow, then has the packet processed. The *_base programs write only;
// what they take is subtracted.
ALWAYS_INLINE __u32 next_in_order(void) { return (__u32)g.counter++; }

ALWAYS_INLINE __u32 next_scattered(void) {
  __u64 x = (g.counter * 0x5851F42D4C957F2DULL + 0x14057B7EF767814FULL) & g.mask;
  g.counter = x;
  return (__u32)(((x ^ (x >> 5)) * g.flows) >> g.bits);
}

ALWAYS_INLINE int write_packet(struct xdp_md *ctx, __u32 flow, __u32 vip, int reply) {
  void *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end;
  if (d + 54 > e) return -1;
  __be32 client = bpf_htonl(0x0a000000u + (flow >> 12));
  __be16 port = bpf_htons(1024 + (flow & 0xfff));
  *(volatile __u16 *)(d + 24) = 0x1234;
  *(volatile __u16 *)(d + 50) = 0x5678;
  if (reply) {
    *(volatile __u64 *)(d + 26) = bpf_htonl(0x0a640100u) | (__u64)client << 32;
    *(volatile __u32 *)(d + 34) = bpf_htons(8080) | (__u32)port << 16;
  } else {
    *(volatile __u64 *)(d + 26) = client | (__u64)bpf_htonl(vip) << 32;
    *(volatile __u32 *)(d + 34) = port | (__u32)bpf_htons(80) << 16;
  }
  return 0;
}

ALWAYS_INLINE int nothing(struct xdp_md *ctx) {
  (void)ctx;
  g.verdicts[1]++;
  return XDP_TX;
}

#define LOAD(NAME, FLOW, VIP, REPLY, WORK)              \
  SEC("xdp") int NAME(struct xdp_md *ctx) {             \
    if (write_packet(ctx, FLOW, VIP, REPLY)) return XDP_ABORTED; \
    asm volatile("" ::: "memory");                      \
    return WORK(ctx);                                   \
  }
LOAD(open_flow, next_in_order(), 0x0ac80101u, 0, process)
LOAD(open_flow_base, next_in_order(), 0x0ac80101u, 0, nothing)
LOAD(open_flow_to_one, next_in_order(), 0x0ac80102u, 0, process)
LOAD(request, next_scattered(), 0x0ac80101u, 0, process)
LOAD(request_base, next_scattered(), 0x0ac80101u, 0, nothing)
LOAD(reply, next_scattered(), 0, 1, process)
LOAD(reply_base, next_scattered(), 0, 1, nothing)

char _license[] SEC("license") = "GPL";
