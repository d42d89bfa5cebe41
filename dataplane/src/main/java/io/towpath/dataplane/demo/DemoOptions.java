package io.towpath.dataplane.demo;

/**
 * What the user asked for.
 *
 * @param requests HTTP requests in all
 * @param seconds length of the bulk stream and of the iperf3 run
 * @param keep leave the network up until the process is told to stop
 * @param json print one JSON object in place of tables
 */
public record DemoOptions(int requests, int seconds, boolean keep, boolean json) {}
