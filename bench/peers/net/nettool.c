// The load of 'towpath bench net': servers in one namespace, clients in another, whatever is measured between them. A client ends by
// itself and prints one line of JSON; servers end when their standard input does, so that none outlives who started it.
//
// With '-c NAME' before everything else TCP has that congestion control (tcp(7), TCP_CONGESTION), else the one of the system.
//
//   nettool serve ECHO_PORT STREAM_PORT HTTP_PORT                   TCP servers; prints "ready"
//   nettool udp-receive PORT                                        prints "ready", at the end {"received", "seconds"}
//   nettool udp-send ADDRESS PORT BYTES SECONDS PER_SECOND          {"sent", "seconds"}; PER_SECOND 0 is as fast as it goes
//   nettool ping ADDRESS PORT SECONDS                               {"count", "p50", "p99", "p999"} of 64 bytes to and fro by TCP, us
//   nettool first NAMESPACE ADDRESS PORT SECONDS                    {"count", "p50", "flow_p50"}: one datagram at a time to PORT of the server's
//                                                                   NAMESPACE, one way, us: after a pause, and right after another
//   nettool stream ADDRESS PORT SECONDS STREAMS up|down             {"bytes", "seconds"}, as the receiver has them
//   nettool http ADDRESS ADDRESSES PORT SECONDS LANES CONNECTIONS   {"connections", "failures", "seconds", "p50", "p99"}: one GET a
//                                                                   connection, over ADDRESSES that follow ADDRESS in pseudo-random order
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PING_BYTES 64
#define MAX_SAMPLES 2000000
#define CHUNK (128 << 10)
#define SEND_BATCH 32
#define RECEIVE_BATCH 64
#define DATAGRAM_MAX 2048
#define RECEIVE_PAUSE_US 500  // the receiver sleeps in between, so that it takes little of the cores
#define PAUSE_US 150000  // an engine that waits looks at its table each 100 ms: not at that time
#define ARRIVAL_LIMIT_S 0.1
#define MAX_STREAMS 64
#define MAX_LANES 1024
#define LANE_LIMIT_S 5  // without an answer for so long a connection has failed
#define EVENTS 64
#define IO_LIMIT_S 10

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("nettool: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct sockaddr_in endpoint(uint32_t address, int port) {
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static uint32_t address_of(const char *text) {
  struct in_addr address;
  if (inet_pton(AF_INET, text, &address) != 1) die("not an IPv4 address: %s", text);
  return ntohl(address.s_addr);
}

static void on(int fd, int level, int option) {
  int one = 1;
  if (setsockopt(fd, level, option, &one, sizeof one)) die("setsockopt: %s", strerror(errno));
}

// Reads and writes that have no time limit of their own would wait forever where what is measured loses a connection.
static void limit(int fd) {
  struct timeval t = {.tv_sec = IO_LIMIT_S};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static const char *congestion;  // NULL is the system's

static void set_congestion(int fd) {
  if (congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, strlen(congestion)))
    die("congestion control %s: %s", congestion, strerror(errno));
}

static int dial(uint32_t address, int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = endpoint(address, port);
  limit(fd);
  set_congestion(fd);
  if (connect(fd, (void *)&to, sizeof to)) die("connect to port %d: %s", port, strerror(errno));
  on(fd, IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

static int by_value(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

static float samples_us[MAX_SAMPLES];
static long sample_count;

static void sample(double seconds) {
  if (sample_count < MAX_SAMPLES) samples_us[sample_count++] = seconds * 1e6;
}

// Of the sorted samples; 0 where there is none.
static double quantile(double part) { return sample_count ? samples_us[(long)(part * (sample_count - 1))] : 0; }

static void sort_samples(void) { qsort(samples_us, sample_count, sizeof *samples_us, by_value); }

// ---- servers

static void *until_end_of_input(void *unused) {
  char c;
  while (read(0, &c, 1) > 0) {
  }
  exit(0);
  return unused;
}

static void *echo(void *fd_as_pointer) {
  int fd = (intptr_t)fd_as_pointer;
  char buffer[PING_BYTES];
  while (recv(fd, buffer, sizeof buffer, MSG_WAITALL) == sizeof buffer && send(fd, buffer, sizeof buffer, 0) > 0) {
  }
  close(fd);
  return NULL;
}

// The client's first byte says who sends: 'u' the client until it shuts down, 'd' the server until the client goes.
static void *stream_server(void *fd_as_pointer) {
  int fd = (intptr_t)fd_as_pointer;
  char *buffer = calloc(1, CHUNK), direction;
  if (recv(fd, &direction, 1, 0) == 1) {
    if (direction == 'u') {
      while (recv(fd, buffer, CHUNK, 0) > 0) {
      }
    } else {
      while (send(fd, buffer, CHUNK, 0) > 0) {
      }
    }
  }
  free(buffer);
  close(fd);
  return NULL;
}

static int listener(int port, int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  struct sockaddr_in at = endpoint(INADDR_ANY, port);
  on(fd, SOL_SOCKET, SO_REUSEADDR);
  set_congestion(fd);  // accepted sockets inherit it
  if (bind(fd, (void *)&at, sizeof at) || listen(fd, 4096)) die("port %d: %s", port, strerror(errno));
  return fd;
}

struct service {
  int listener;
  void *(*serve)(void *fd);
};

static void *accept_loop(void *service_as_pointer) {
  struct service *service = service_as_pointer;
  for (;;) {
    int fd = accept(service->listener, NULL, NULL);
    if (fd < 0) continue;
    on(fd, IPPROTO_TCP, TCP_NODELAY);
    limit(fd);
    pthread_t thread;
    if (pthread_create(&thread, NULL, service->serve, (void *)(intptr_t)fd)) close(fd);
    else pthread_detach(thread);
  }
  return NULL;
}

// A request is one segment: it is not looked at. The server closes first, so that its side has the TIME_WAIT and no client port is kept.
static void *http_server(void *listener_as_pointer) {
  int listening = (intptr_t)listener_as_pointer, epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listening}, events[EVENTS];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listening) {
        while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
          epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        }
        continue;
      }
      char buffer[1024];
      ssize_t length = recv(fd, buffer, sizeof buffer, 0);
      if (length < 0 && errno == EAGAIN) continue;
      if (length > 0) send(fd, ANSWER, sizeof ANSWER - 1, 0);
      close(fd);
    }
  }
  return NULL;
}

static void serve(char **arguments) {
  static struct service echoes = {.serve = echo}, streams = {.serve = stream_server};
  echoes.listener = listener(atoi(arguments[0]), 0);
  streams.listener = listener(atoi(arguments[1]), 0);
  int http = listener(atoi(arguments[2]), SOCK_NONBLOCK);
  pthread_t thread;
  if (pthread_create(&thread, NULL, accept_loop, &echoes) || pthread_create(&thread, NULL, accept_loop, &streams) ||
      pthread_create(&thread, NULL, http_server, (void *)(intptr_t)http))
    die("no more threads");
  puts("ready");
  fflush(stdout);
  until_end_of_input(NULL);
}

static bool input_ended(void) {
  struct pollfd input = {.fd = 0, .events = POLLIN};
  return poll(&input, 1, 0) > 0;
}

static void udp_receive(char **arguments) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 16 << 20;
  struct sockaddr_in at = endpoint(INADDR_ANY, atoi(arguments[0]));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  if (bind(fd, (void *)&at, sizeof at)) die("port %s: %s", arguments[0], strerror(errno));
  static char buffers[RECEIVE_BATCH][DATAGRAM_MAX];
  struct iovec vectors[RECEIVE_BATCH];
  struct mmsghdr messages[RECEIVE_BATCH] = {0};
  for (int i = 0; i < RECEIVE_BATCH; i++) {
    vectors[i] = (struct iovec){buffers[i], DATAGRAM_MAX};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  puts("ready");
  fflush(stdout);
  long received = 0;
  double first = 0, last = 0;
  for (;;) {
    int count = recvmmsg(fd, messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
    if (count > 0) {
      received += count;
      last = now();
      if (first == 0) first = last;
    }
    if (count < RECEIVE_BATCH) {
      if (count <= 0 && input_ended()) break;
      usleep(RECEIVE_PAUSE_US);
    }
  }
  printf("{\"received\":%ld,\"seconds\":%.4f}\n", received, last - first);
}

// ---- clients

static void udp_send(char **arguments) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 4 << 20, length = atoi(arguments[2]);
  struct sockaddr_in to = endpoint(address_of(arguments[0]), atoi(arguments[1]));
  double seconds = atof(arguments[3]), per_second = atof(arguments[4]);
  static char buffer[65536];
  struct iovec vector = {buffer, length};
  struct mmsghdr messages[SEND_BATCH] = {0};
  if (connect(fd, (void *)&to, sizeof to)) die("connect: %s", strerror(errno));
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  for (int i = 0; i < SEND_BATCH; i++) {
    messages[i].msg_hdr.msg_iov = &vector;
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  double start = now(), t;
  long sent = 0;
  while ((t = now()) - start < seconds) {
    int batch = SEND_BATCH;
    if (per_second > 0) {
      double due = (t - start) * per_second - sent;
      if (due < 1) {
        struct timespec pause = {.tv_nsec = 15000};
        nanosleep(&pause, NULL);
        continue;
      }
      if (due < batch) batch = due;
    }
    int count = sendmmsg(fd, messages, batch, 0);
    if (count > 0) sent += count;
  }
  printf("{\"sent\":%ld,\"seconds\":%.4f}\n", sent, now() - start);
}

static void ping(char **arguments) {
  int fd = dial(address_of(arguments[0]), atoi(arguments[1]));
  double end = now() + atof(arguments[2]);
  char buffer[PING_BYTES] = {0};
  for (double sent = now(); sent < end && sample_count < MAX_SAMPLES; sent = now()) {
    if (send(fd, buffer, sizeof buffer, 0) != sizeof buffer) die("send: %s", strerror(errno));
    if (recv(fd, buffer, sizeof buffer, MSG_WAITALL) != sizeof buffer) die("no answer: %s", strerror(errno));
    sample(now() - sent);
  }
  sort_samples();
  printf("{\"count\":%ld,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f}\n", sample_count, quantile(.5), quantile(.99), quantile(.999));
}

// Returns the time from the call that sends until the datagram can be read, or a negative one. Nobody is woken at either end: one thread has both
// sockets. It yields, as whatever has to carry the datagram may have been woken on this core.
static double one_way(int from, int to) {
  char byte = 0;
  double sent = now();
  if (send(from, &byte, 1, 0) != 1) die("send: %s", strerror(errno));
  while (recv(to, &byte, 1, MSG_DONTWAIT) != 1) {
    if (now() - sent > ARRIVAL_LIMIT_S) return -1;
    sched_yield();
  }
  return now() - sent;
}

static double one_way_p50(int from, int to, double seconds, int pause_us) {
  sample_count = 0;
  for (double end = now() + seconds; now() < end && sample_count < MAX_SAMPLES;) {
    if (pause_us) usleep(pause_us);
    double took = one_way(from, to);
    if (took > 0) sample(took);
  }
  if (!sample_count) die("no datagram arrived");
  sort_samples();
  return quantile(.5);
}

static void first(char **arguments) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", arguments[0]);
  int from = socket(AF_INET, SOCK_DGRAM, 0), namespace = open(path, O_RDONLY);
  if (namespace < 0 || setns(namespace, CLONE_NEWNET)) die("namespace %s: %s", arguments[0], strerror(errno));
  int to = socket(AF_INET, SOCK_DGRAM, 0), port = atoi(arguments[2]);
  struct sockaddr_in at = endpoint(INADDR_ANY, port), service = endpoint(address_of(arguments[1]), port);
  if (bind(to, (void *)&at, sizeof at)) die("port %d: %s", port, strerror(errno));
  if (connect(from, (void *)&service, sizeof service)) die("connect: %s", strerror(errno));
  double part = atof(arguments[3]) / 2, flow = one_way_p50(from, to, part, 0), rested = one_way_p50(from, to, part, PAUSE_US);
  printf("{\"count\":%ld,\"p50\":%.1f,\"flow_p50\":%.1f}\n", sample_count, rested, flow);
}

struct stream {
  int fd;
  bool up;
  double end;
  uint64_t bytes;
};

static void *stream_client(void *stream_as_pointer) {
  struct stream *s = stream_as_pointer;
  char *buffer = calloc(1, CHUNK);
  while (now() < s->end) {
    ssize_t count = s->up ? send(s->fd, buffer, CHUNK, 0) : recv(s->fd, buffer, CHUNK, 0);
    if (count <= 0) die("stream: %s", count ? strerror(errno) : "closed by the server");
    s->bytes += count;
  }
  if (s->up) {  // the server closes once it has all
    shutdown(s->fd, SHUT_WR);
    if (recv(s->fd, buffer, 1, 0) != 0) die("the end of a stream did not arrive");
  }
  free(buffer);
  return NULL;
}

static void stream(char **arguments) {
  int count = atoi(arguments[3]);
  bool up = !strcmp(arguments[4], "up");
  if (count < 1 || count > MAX_STREAMS) die("1 to %d streams", MAX_STREAMS);
  struct stream streams[MAX_STREAMS];
  pthread_t threads[MAX_STREAMS];
  for (int i = 0; i < count; i++) streams[i] = (struct stream){.fd = dial(address_of(arguments[0]), atoi(arguments[1])), .up = up};
  double start = now();
  for (int i = 0; i < count; i++) {
    streams[i].end = start + atof(arguments[2]);
    if (send(streams[i].fd, up ? "u" : "d", 1, 0) != 1) die("send: %s", strerror(errno));
    if (pthread_create(&threads[i], NULL, stream_client, &streams[i])) die("no more threads");
  }
  uint64_t bytes = 0;
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
    bytes += streams[i].bytes;
  }
  printf("{\"bytes\":%llu,\"seconds\":%.4f}\n", (unsigned long long)bytes, now() - start);
}

struct lane {
  int fd;
  double start;
  bool sent, answered;
};
static struct lane lanes[MAX_LANES];
static int epoll;

// Scatters, so that neither caches nor the order of rules favour one address.
static uint32_t scattered(uint32_t number) { return (uint32_t)((number + 1) * 2654435761u) ^ number >> 7; }

static void begin(struct lane *lane, uint32_t address, int port) {
  struct sockaddr_in to = endpoint(address, port);
  *lane = (struct lane){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .start = now()};
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = lane};
  if (lane->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, lane->fd, &event)) die("socket: %s", strerror(errno));
  if (connect(lane->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) shutdown(lane->fd, SHUT_RDWR);
}

// Returns whether the connection is over.
static bool proceed(struct lane *lane, uint32_t events) {
  char buffer[1024];
  if (events & EPOLLOUT && !lane->sent && !(events & EPOLLERR))
    lane->sent = send(lane->fd, REQUEST, sizeof REQUEST - 1, 0) == sizeof REQUEST - 1;
  for (;;) {
    ssize_t length = recv(lane->fd, buffer, sizeof buffer, 0);
    if (length > 0) lane->answered = !strncmp(buffer, ANSWER, 15);
    else return length == 0 || errno != EAGAIN;
  }
}

static void http(char **arguments) {
  uint32_t address = address_of(arguments[0]), addresses = atoi(arguments[1]);
  int port = atoi(arguments[2]), width = atoi(arguments[4]);
  long most = atol(arguments[5]), begun = 0, done = 0, failures = 0;
  if (width < 1 || width > MAX_LANES || addresses < 1) die("1 to %d lanes, 1 or more addresses", MAX_LANES);
  epoll = epoll_create1(0);
  double start = now(), end = start + atof(arguments[3]), checked = start, answered = start;
  int running = 0;
  for (; running < width && begun < most; running++) begin(&lanes[running], address + scattered(begun++) % addresses, port);
  int used = running;
  while (running > 0) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, 100);
    double t = now();
    if (t - checked > 1) {
      checked = t;
      for (int i = 0; i < used; i++)
        if (lanes[i].fd >= 0 && t - lanes[i].start > LANE_LIMIT_S) shutdown(lanes[i].fd, SHUT_RDWR);
    }
    for (int i = 0; i < count; i++) {
      struct lane *lane = events[i].data.ptr;
      if (!proceed(lane, events[i].events)) continue;
      if (lane->answered) {
        done++;
        answered = now();
        sample(answered - lane->start);
      } else {
        failures++;
      }
      close(lane->fd);
      lane->fd = -1;
      if (t < end && begun < most) begin(lane, address + scattered(begun++) % addresses, port);
      else running--;
    }
  }
  sort_samples();
  printf("{\"connections\":%ld,\"failures\":%ld,\"seconds\":%.4f,\"p50\":%.1f,\"p99\":%.1f}\n", done, failures, answered - start,
         quantile(.5), quantile(.99));
}

static const struct command {
  const char *name;
  int arguments;
  void (*run)(char **arguments);
} COMMANDS[] = {{"serve", 3, serve}, {"udp-receive", 1, udp_receive}, {"udp-send", 5, udp_send},
                {"ping", 3, ping},   {"first", 4, first},             {"stream", 5, stream},     {"http", 6, http}};

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 2 && !strcmp(argv[1], "-c")) {
    congestion = argv[2];
    argc -= 2;
    argv += 2;
  }
  for (size_t i = 0; argc > 1 && i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
    if (!strcmp(argv[1], COMMANDS[i].name) && argc - 2 == COMMANDS[i].arguments) {
      COMMANDS[i].run(argv + 2);
      return 0;
    }
  }
  die("usage: see the top of nettool.c");
}
