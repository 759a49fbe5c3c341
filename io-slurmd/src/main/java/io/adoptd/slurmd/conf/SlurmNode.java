package io.adoptd.slurmd.conf;

import io.adoptd.pipeline.model.NodeName;

/**
 * A node that slurm.conf names.
 *
 * @param hostname its NodeHostname: NodeName where none is given
 * @param address its NodeAddr: NodeHostname where none is given
 * @param port its Port: SlurmdPort where none is given; callerid does not use it, for Slurm itself does not
 */
public record SlurmNode(NodeName name, String hostname, String address, int port) {}
