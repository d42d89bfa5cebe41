/**
 * The command line. {@link io.towpath.dataplane.cli.Main} holds the commands together; each command is one class that
 * reads its options, checks them and hands over to the package that does the work. Exit codes are those of
 * {@link io.towpath.dataplane.cli.ExitCode}. Runs on the main thread; no packet is handled here.
 */
package io.towpath.dataplane.cli;
