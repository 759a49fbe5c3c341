package io.adoptd.gateway.wire;

import java.util.List;

/**
 * The bytes that stand for the values of a field: 1, 2, 3 … in the order in which docs/gateway-frame.md lists them.
 *
 * @param field its name, for errors
 */
record Codes<E>(String field, List<E> values) {

    byte code(E value) {
        return (byte) (values.indexOf(value) + 1);
    }

    E value(byte code) throws FrameException {
        if (code < 1 || code > values.size()) {
            throw FrameException.bad(field, code + ", not 1 to " + values.size());
        }
        return values.get(code - 1);
    }
}
