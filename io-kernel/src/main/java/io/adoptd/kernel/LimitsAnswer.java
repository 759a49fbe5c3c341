package io.adoptd.kernel;

import io.adoptd.kernel.limits.Limit;
import io.adoptd.kernel.limits.Resource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What came of copying limits.
 *
 * @param set what the process has now, in the order of {@link Resource}
 * @param unset why, for the log, it has not the others
 */
public record LimitsAnswer(Map<Resource, Limit> set, Map<Resource, String> unset) {

    public LimitsAnswer {
        set = Collections.unmodifiableMap(new LinkedHashMap<>(set));
        unset = Collections.unmodifiableMap(new LinkedHashMap<>(unset));
    }

    /** None was set, for all of them for one reason. */
    static LimitsAnswer none(Iterable<Resource> asked, String why) {
        var unset = new LinkedHashMap<Resource, String>();
        asked.forEach(resource -> unset.put(resource, why));
        return new LimitsAnswer(Map.of(), unset);
    }
}
