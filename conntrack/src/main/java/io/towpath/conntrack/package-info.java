/** Towpath conntrack. */
package io.towpath.conntrack;
