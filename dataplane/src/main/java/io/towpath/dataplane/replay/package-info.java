/** The engine over captures: one thread, the capture's time stamps as its clock, seeded choices, so that a run can be repeated. */
package io.towpath.dataplane.replay;
