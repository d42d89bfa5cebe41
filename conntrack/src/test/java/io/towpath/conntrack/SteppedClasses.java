package io.towpath.conntrack;

import io.towpath.linux.NativeMemory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.VarHandle;
import java.util.Set;

/** Loads Towpath's classes anew, with a {@link Schedule#point} before each access to memory that threads share. */
final class SteppedClasses extends ClassLoader {
    private static final String OURS = "io.towpath.";
    private static final Set<String> ACCESSORS =
            Set.of(internalName(NativeMemory.class), internalName(VarHandle.class));
    private static final ClassDesc SCHEDULE = ClassDesc.of(Schedule.class.getName());
    private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);

    SteppedClasses() {
        super(Schedule.class.getClassLoader());
    }

    private static String internalName(Class<?> type) {
        return type.getName().replace('.', '/');
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        boolean isShared = !name.startsWith(OURS)
                || name.equals(NativeMemory.class.getName())
                || name.startsWith(Schedule.class.getName());
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : isShared ? super.loadClass(name, resolve) : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream original = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (original == null) {
                throw new ClassNotFoundException(name);
            }
            ClassFile classes = ClassFile.of();
            byte[] stepped = classes.transformClass(
                    classes.parse(original.readAllBytes()), ClassTransform.transformingMethodBodies((code, element) -> {
                        if (element instanceof InvokeInstruction call
                                && ACCESSORS.contains(call.owner().asInternalName())) {
                            code.invokestatic(SCHEDULE, "point", NOTHING);
                        }
                        code.with(element);
                    }));
            return defineClass(name, stepped, 0, stepped.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
