package io.adoptd.slurmd.message;

import io.adoptd.pipeline.model.CalleridAnswer;
import io.adoptd.pipeline.model.CalleridAnswer.Failure;
import io.adoptd.pipeline.model.JobId;
import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.DecodeException;
import io.adoptd.slurmd.wire.Packer;
import io.adoptd.slurmd.wire.SlurmVersion;
import io.adoptd.slurmd.wire.Unpacker;

/**
 * RESPONSE_NETWORK_CALLERID. Its layout follows the word of the request, not the release of the slurmd: below 0x2C00 the
 * job, from there on the whole step id. Source: Slurm src/common/slurm_protocol_pack.c.
 *
 * @param sluid all 64 bits; 0 in practice, and in the short form
 * @param jobId {@link #NO_VAL} when the slurmd does not know the connection, or does not tell us
 * @param stepId the step that the process was found in (26.05), else {@link #NO_VAL}
 * @param stepHetComp likewise
 * @param returnCode always 0 on the wire
 * @param nodeName the NodeName of the slurmd that answers
 */
public record NetworkCalleridResponse(
        long sluid, long jobId, long stepId, long stepHetComp, long returnCode, String nodeName) {

    public static final int TYPE = 5036;

    /** Slurm's "no value" (slurm/slurm.h). */
    public static final long NO_VAL = 0xffff_fffeL;

    private static final int MAX_NODE_NAME = 255;

    public static NetworkCalleridResponse decode(Unpacker in, SlurmVersion version) {
        return in.end(version.longCallerid() ? decodeLong(in) : decodeShort(in));
    }

    /** What it says, once it is known who says it. */
    public CalleridAnswer toAnswer() {
        if (returnCode != 0) {
            return new CalleridAnswer.NoAnswer(Failure.SLURM_ERROR, "return code " + returnCode);
        }
        if (jobId == NO_VAL) {
            return new CalleridAnswer.Indeterminate();
        }
        return JobId.isJobId(jobId)
                ? new CalleridAnswer.SourceJob(new JobId(jobId))
                : new CalleridAnswer.NoAnswer(Failure.UNREADABLE, "job_id " + jobId);
    }

    public Bytes encode(SlurmVersion version) {
        return version.longCallerid() ? encodeLong() : encodeShort();
    }

    private static NetworkCalleridResponse decodeShort(Unpacker in) {
        return new NetworkCalleridResponse(
                0, in.uint32("job_id"), NO_VAL, NO_VAL, in.uint32("return_code"), nodeName(in));
    }

    private static NetworkCalleridResponse decodeLong(Unpacker in) {
        return new NetworkCalleridResponse(
                in.uint64("sluid"),
                in.uint32("job_id"),
                in.uint32("step_id"),
                in.uint32("step_het_comp"),
                in.uint32("return_code"),
                nodeName(in));
    }

    /** A slurmd always has a name; a reply without one is not what it seems. */
    private static String nodeName(Unpacker in) {
        int start = in.offset();
        String name = in.string("node_name", MAX_NODE_NAME);
        if (name.isEmpty()) {
            throw new DecodeException("node_name", start, "an empty name");
        }
        return name;
    }

    private Bytes encodeShort() {
        return new Packer().uint32(jobId).uint32(returnCode).string(nodeName).packed();
    }

    private Bytes encodeLong() {
        return new Packer()
                .uint64(sluid)
                .uint32(jobId)
                .uint32(stepId)
                .uint32(stepHetComp)
                .uint32(returnCode)
                .string(nodeName)
                .packed();
    }
}
