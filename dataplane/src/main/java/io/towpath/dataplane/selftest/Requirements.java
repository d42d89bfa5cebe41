package io.towpath.dataplane.selftest;
import java.util.List;
public final class Requirements { public static final List<Requirement> ALL = List.of(); }
