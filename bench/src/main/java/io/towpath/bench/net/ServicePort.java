package io.towpath.bench.net;

import java.util.List;

/** A port of the server, which Services have under the same number. The first Service has them all, the others have HTTP only. */
record ServicePort(String name, String protocol, int number) {
    static final ServicePort HTTP = new ServicePort("http", "tcp", 8080);
    static final ServicePort ECHO = new ServicePort("echo", "tcp", 7001);
    static final ServicePort STREAM = new ServicePort("stream", "tcp", 7002);
    static final ServicePort UDP = new ServicePort("udp", "udp", 7004);

    private static final List<ServicePort> OF_FIRST = List.of(HTTP, ECHO, STREAM, UDP);
    private static final List<ServicePort> OF_OTHERS = List.of(HTTP);

    /** Returns the ports of a Service. */
    static List<ServicePort> of(int service) {
        return service == 0 ? OF_FIRST : OF_OTHERS;
    }
}
