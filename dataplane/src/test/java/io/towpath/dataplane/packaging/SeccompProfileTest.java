package io.towpath.dataplane.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SeccompProfileTest {
    private static final int ENOSYS = 38;
    /** linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
    private static final long NEW_NAMESPACES =
            0x2_0000L | 0x200_0000L | 0x400_0000L | 0x800_0000L | 0x1000_0000L | 0x2000_0000L | 0x4000_0000L;
    /** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
    private static final Set<Long> FAMILIES = Set.of(1L, 2L, 10L, 16L);

    private final SeccompProfile profile = SeccompProfile.ours();

    @Test
    void shouldRefuseAsIfTheKernelDidNotKnowWhatItDoesNotAllow() {
        assertEquals("SCMP_ACT_ERRNO", profile.fields().get("defaultAction"));
        assertEquals(ENOSYS, profile.fields().get("defaultErrnoRet"));
        for (Map<String, Object> rule : profile.rules()) {
            assertEquals("SCMP_ACT_ALLOW", rule.get("action"));
        }
    }

    @Test
    void shouldNameEachCallOnceInOrder() {
        Set<String> seen = new HashSet<>();
        for (Map<String, Object> rule : profile.rules()) {
            List<String> names = SeccompProfile.names(rule);
            assertEquals(names.stream().sorted().toList(), names);
            names.stream()
                    .filter(name -> !rule.containsKey("args"))
                    .forEach(name -> assertTrue(seen.add(name), name + " twice"));
        }
    }

    @Test
    void shouldAllowIoUringAndNothingThatChangesTheMachineOrLooksIntoOthers() {
        Set<String> allowed = profile.allowed();

        assertTrue(allowed.containsAll(SeccompProfile.IO_URING));
        for (String refused : List.of(
                "add_key",
                "bpf",
                "chroot",
                "clone3",
                "delete_module",
                "finit_module",
                "fsopen",
                "init_module",
                "kexec_load",
                "keyctl",
                "mknod",
                "mount",
                "move_mount",
                "open_by_handle_at",
                "perf_event_open",
                "personality",
                "pidfd_getfd",
                "pivot_root",
                "process_vm_readv",
                "process_vm_writev",
                "ptrace",
                "reboot",
                "request_key",
                "setns",
                "swapon",
                "syslog",
                "umount2",
                "unshare",
                "userfaultfd")) {
            assertTrue(!allowed.contains(refused), refused);
        }
    }

    @Test
    void shouldMakeNoNamespaces() {
        List<Map<String, Object>> arguments = profile.argumentsOf("clone");

        assertEquals(1, arguments.size());
        assertEquals("SCMP_CMP_MASKED_EQ", arguments.getFirst().get("op"));
        assertEquals(NEW_NAMESPACES, number(arguments.getFirst().get("value")), "the mask");
        assertEquals(0, number(arguments.getFirst().get("valueTwo")), "what is left under it");
    }

    @Test
    void shouldOpenSocketsOfFourFamilies() {
        Set<Long> families = new HashSet<>();
        for (Map<String, Object> argument : profile.argumentsOf("socket")) {
            assertEquals("SCMP_CMP_EQ", argument.get("op"));
            assertEquals(0, number(argument.get("index")));
            families.add(number(argument.get("value")));
        }

        assertEquals(FAMILIES, families);
    }

    private static long number(Object value) {
        return ((Number) value).longValue();
    }
}
