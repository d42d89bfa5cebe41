/** The engine's own report: the cases in the jar, and the requirements of the NAT RFCs that they stand for. One thread, no network. */
package io.towpath.dataplane.selftest;
