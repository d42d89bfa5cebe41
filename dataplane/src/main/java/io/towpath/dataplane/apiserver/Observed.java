package io.towpath.dataplane.apiserver;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.Version;
import io.towpath.dataplane.model.ClusterObject;
import java.util.function.Supplier;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * An object as an informer has it: name, namespace, uid and resourceVersion for the client library, and the record of the rest. It is read straight
 * from the JSON text, as the library's own classes have every field there is, which at a large cluster's size is most of the time and memory
 * of a start.
 */
abstract class Observed implements HasMetadata {
    private ObjectMeta metadata = new ObjectMeta();
    private ClusterObject object;

    /** Returns what was read; null for what an informer remembers. */
    ClusterObject object() {
        return object;
    }

    @Override
    public ObjectMeta getMetadata() {
        return metadata;
    }

    @Override
    public void setMetadata(ObjectMeta metadata) {
        this.metadata = metadata;
    }

    @Override
    public void setApiVersion(String version) {
        // it is the class's
    }

    /** Reads objects of one class. */
    abstract static class Reader<T extends Observed> extends ValueDeserializer<T> {
        private final Supplier<T> empty;
        private final Supplier<KindFields> fields;

        Reader(Supplier<T> empty, Supplier<KindFields> fields) {
            this.empty = empty;
            this.fields = fields;
        }

        @Override
        public T deserialize(JsonParser json, DeserializationContext context) {
            MetadataFields metadata = new MetadataFields();
            KindFields rest = fields.get();
            JsonFields.each(json, (name, value) -> {
                if (name.equals("metadata")) {
                    JsonFields.each(value, metadata);
                } else {
                    rest.field(name, value);
                }
            });
            T read = empty.get();
            read.getMetadata().setNamespace(metadata.namespace.isEmpty() ? null : metadata.namespace);
            read.getMetadata().setName(metadata.name);
            read.getMetadata().setUid(metadata.uid);
            read.getMetadata().setResourceVersion(metadata.resourceVersion);
            ((Observed) read).object = rest.object(metadata);
            return read;
        }
    }

    @Group("")
    @Version("v1")
    @Kind("Service")
    @Plural("services")
    @JsonDeserialize(using = OfService.Reader.class)
    static final class OfService extends Observed implements Namespaced {
        static final class Reader extends Observed.Reader<OfService> {
            Reader() {
                super(OfService::new, ServiceFields::new);
            }
        }
    }

    @Group("discovery.k8s.io")
    @Version("v1")
    @Kind("EndpointSlice")
    @Plural("endpointslices")
    @JsonDeserialize(using = OfEndpointSlice.Reader.class)
    static final class OfEndpointSlice extends Observed implements Namespaced {
        static final class Reader extends Observed.Reader<OfEndpointSlice> {
            Reader() {
                super(OfEndpointSlice::new, EndpointSliceFields::new);
            }
        }
    }

    @Group("")
    @Version("v1")
    @Kind("Node")
    @Plural("nodes")
    @JsonDeserialize(using = OfNode.Reader.class)
    static final class OfNode extends Observed {
        static final class Reader extends Observed.Reader<OfNode> {
            Reader() {
                super(OfNode::new, NodeFields::new);
            }
        }
    }

    /** Since Kubernetes 1.33. */
    @Group("networking.k8s.io")
    @Version("v1")
    @Kind("ServiceCIDR")
    @Plural("servicecidrs")
    @JsonDeserialize(using = OfServiceCidr.Reader.class)
    static final class OfServiceCidr extends Observed {
        static final class Reader extends Observed.Reader<OfServiceCidr> {
            Reader() {
                super(OfServiceCidr::new, ServiceCidrFields::new);
            }
        }
    }
}
