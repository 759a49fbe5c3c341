package io.adoptd.slurmd.rpc;

import io.adoptd.slurmd.wire.Bytes;
import io.adoptd.slurmd.wire.Unpacker;
import java.io.ByteArrayOutputStream;

/**
 * Gathers one frame out of the pieces that TCP delivers, for one subscriber. It stops at the frame's end, or right after
 * a length that it will not read so far; it judges nothing.
 */
final class FrameCollector {

    private final ByteArrayOutputStream pieces = new ByteArrayOutputStream(512);
    private int wanted = RpcFrame.LENGTH_BYTES;
    private boolean lengthKnown;

    /** Takes the next piece, and says whether nothing more is wanted. */
    boolean add(byte[] piece) {
        pieces.writeBytes(piece);
        if (!lengthKnown && pieces.size() >= RpcFrame.LENGTH_BYTES) {
            lengthKnown = true;
            long length = new Unpacker(collected()).uint32("frame_len");
            wanted += RpcFrame.isLength(length) ? (int) length : 0;
        }
        return lengthKnown && pieces.size() >= wanted;
    }

    /** The frame with its length; less if the peer stopped before, nothing if it said nothing. */
    Bytes collected() {
        return Bytes.of(pieces.toByteArray(), 0, Math.min(pieces.size(), wanted));
    }
}
