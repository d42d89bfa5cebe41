/** The {@code towpath} command. Exit codes: 0 done, 1 failed, 2 wrong usage or input. */
package io.towpath.dataplane.cli;
