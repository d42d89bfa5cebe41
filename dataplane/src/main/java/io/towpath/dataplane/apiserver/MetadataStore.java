package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What an informer needs to see changes and deletions, and Events to name an object: name, namespace, uid and resourceVersion of each,
 * nothing else. Any thread.
 */
final class MetadataStore<T extends HasMetadata> implements ItemStore<T> {
    private final Supplier<T> empty;
    private final Map<String, T> items = new ConcurrentHashMap<>();

    /** @param empty makes an object without contents */
    MetadataStore(Supplier<T> empty) {
        this.empty = empty;
    }

    @Override
    public String getKey(T object) {
        return Cache.metaNamespaceKeyFunc(object);
    }

    @Override
    public T put(String key, T object) {
        ObjectMeta metadata = new ObjectMeta();
        metadata.setNamespace(object.getMetadata().getNamespace());
        metadata.setName(object.getMetadata().getName());
        metadata.setUid(object.getMetadata().getUid());
        metadata.setResourceVersion(object.getMetadata().getResourceVersion());
        T reduced = empty.get();
        reduced.setMetadata(metadata);
        return items.put(key, reduced);
    }

    @Override
    public T remove(String key) {
        return items.remove(key);
    }

    @Override
    public Stream<String> keySet() {
        return items.keySet().stream();
    }

    @Override
    public Stream<T> values() {
        return items.values().stream();
    }

    @Override
    public int size() {
        return items.size();
    }

    @Override
    public T get(String key) {
        return items.get(key);
    }

    /** Makes the informer hand out objects as they come instead of from here. */
    @Override
    public boolean isFullState() {
        return false;
    }
}
