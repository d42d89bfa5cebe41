package io.towpath.dataplane.cli;

/** How a command prints its results. */
enum OutputFormat {
    TEXT,
    JSON
}
