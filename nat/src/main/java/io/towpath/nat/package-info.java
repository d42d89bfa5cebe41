/** Services, backends, scheduling and packet rewriting. */
package io.towpath.nat;
