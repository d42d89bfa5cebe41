package io.towpath.bench.core;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a JVM is started. */
record Jvm(List<String> options, String classPath) {
    Jvm {
        options = List.copyOf(options);
    }

    /** Returns one like this, which the launcher started with the flags that it starts the engine with. */
    static Jvm likeThis() {
        return new Jvm(ManagementFactory.getRuntimeMXBean().getInputArguments(), System.getProperty("java.class.path"));
    }

    Jvm with(List<String> more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(more);
        return new Jvm(all, classPath);
    }

    /** Returns the same with another garbage collector. */
    Jvm with(Collector collector) {
        return new Jvm(
                        options.stream()
                                .filter(option -> !Collector.isChosenBy(option))
                                .toList(),
                        classPath)
                .with(collector.options());
    }

    List<String> command(String main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main));
        command.addAll(List.of(arguments));
        return command;
    }
}
