/* reason.h - why a set-point is what it is, and why a reading is not believed: one code each, one sentence per code. */
#ifndef SG_SITE_REASON_H
#define SG_SITE_REASON_H

#define SG_REASON_LIST(X)                                                                          \
    X(SG_REASON_NONE, "none", "nothing stands against it")                                         \
    X(SG_REASON_DEMAND, "demand", "the device gets what it asks for")                              \
    X(SG_REASON_NODE_LIMIT, "node_limit", "a breaker or feeder above is at its limit")             \
    X(SG_REASON_SITE_SUPPLY, "site_supply", "the site has no more to give")                        \
    X(SG_REASON_SHED, "shed", "switched off so that loads of higher class keep running")           \
    X(SG_REASON_STALE, "stale", "its reading is stale: the last safe value is kept")               \
    X(SG_REASON_SURPLUS, "surplus", "local generation exceeds the load: store it")                 \
    X(SG_REASON_DEFICIT, "deficit", "load exceeds local generation: serve it from the store")      \
    X(SG_REASON_CHEAP, "cheap", "energy is cheap now: fill the store")                             \
    X(SG_REASON_DEAR, "dear", "energy is dear now: use the store")                                 \
    X(SG_REASON_PEAK, "peak", "import would pass the month's peak: use the store")                 \
    X(SG_REASON_PLAN, "plan", "the plan says so")                                                  \
    X(SG_REASON_PLAN_OLD, "plan_old", "no fresh plan: the rules decide")                           \
    X(SG_REASON_SMOOTHING, "smoothing", "a fast swing is taken from or given to the store")        \
    X(SG_REASON_RECENTRE, "recentre", "back towards half full, ready for the next swing")          \
    X(SG_REASON_BRIDGE, "bridge", "the grid is gone: the store carries the load")                  \
    X(SG_REASON_HELD, "held", "held full for the bridge")                                          \
    X(SG_REASON_LOW_MARK, "low_mark", "below its low mark: the device asks for energy")            \
    X(SG_REASON_HIGH_MARK, "high_mark", "above its high mark and idle: the device gives")          \
    X(SG_REASON_NODE_RELIEF, "node_relief",                                                        \
      "a breaker above is near its limit: local stores help")                                      \
    X(SG_REASON_RATING, "rating", "cut to the device's rating")                                    \
    X(SG_REASON_EMPTY, "empty", "the store has reached its reserve")                               \
    X(SG_REASON_FULL, "full", "the store is full")                                                 \
    X(SG_REASON_CIRCULATION, "circulation", "one store would only charge another")                 \
    X(SG_REASON_EXPORT_LIMIT, "export_limit", "export would pass what the connection permits")     \
    X(SG_REASON_NEGATIVE_PRICE, "negative_price", "exporting would cost money: hold it back")      \
    X(SG_REASON_GRID_DOWN, "grid_down", "the grid connection is gone")                             \
    X(SG_REASON_HYPOTHETICAL, "hypothetical", "hypothetical physics commands nothing")             \
    X(SG_REASON_STATIC, "static", "the static baseline leaves stores alone")                       \
    X(SG_REASON_SAFE, "safe", "the safe set: the inputs cannot be trusted")                        \
    X(SG_REASON_FITS, "fits", "firm supply covers the request")                                    \
    X(SG_REASON_NEVER_FITS, "never_fits", "more than the site could ever supply")                  \
    X(SG_REASON_NOT_NOW, "not_now", "waits until enough firm supply is free")                      \
    X(SG_REASON_DEADLINE, "deadline", "its deadline passed before there was room")                 \
    X(SG_REASON_WITHDRAWN, "withdrawn", "withdrawn by its owner")                                  \
    X(SG_REASON_FINISHED, "finished", "its time is over")                                          \
    X(SG_REASON_BREAKER_HEAT, "breaker_heat",                                                      \
      "a breaker above is warm: its heat stays below 80 % of its trip")                            \
    X(SG_REASON_LOSS, "loss", "kept free for the loss of a feeder or a store")                     \
    X(SG_REASON_RAMP, "ramp", "the device's power rises no faster than this")                      \
    X(SG_REASON_DWELL, "dwell", "too soon after it last stopped or turned round")                  \
    X(SG_REASON_MOVED, "moved", "an overload is coming: energy comes from where it is spare")      \
    X(SG_REASON_REGULATION, "regulation", "follows the grid operator's signal")                    \
    X(SG_REASON_DROOP, "droop", "answers the grid's frequency")                                    \
    X(SG_REASON_CONTRACT, "contract", "keeps the site within its contracted ramp and band")        \
    X(SG_REASON_SAVING, "saving", "held at its minimum so that the stores last")                   \
    X(SG_REASON_SHUT_DOWN, "shut_down", "told to shut down: its time before the stores are empty") \
    X(SG_REASON_RETURNING, "returning", "the grid is back: it waits until the ramp has room")      \
    X(SG_REASON_HAND_OVER, "hand_over", "gives what slower stores cannot give yet")                \
    X(SG_REASON_STARTING, "starting", "told to start")                                             \
    X(SG_REASON_START_FAILED, "start_failed",                                                      \
      "did not start or stopped: it rests, others are asked")                                      \
    X(SG_REASON_RIDE_GRID, "grid", "the grid carries the site")                                    \
    X(SG_REASON_BRIDGING, "bridging", "the grid is gone: stores carry the site")                   \
    X(SG_REASON_ISLANDED, "islanded", "the grid is gone: generation carries the site")             \
    X(SG_REASON_SHUTTING_DOWN, "shutting_down",                                                    \
      "the stores run out: loads shut down, lowest class first")                                   \
    X(SG_REASON_DARK, "dark", "nothing is left to carry the loads")                                \
    X(SG_REASON_BLACK_START, "black_start",                                                        \
      "up again without the grid, class by class, from stores and generation")                     \
    X(SG_REASON_RESYNC, "resynchronising",                                                         \
      "the grid is back: import grows by its ramp, stores wait")                                   \
    X(SG_REASON_VOLTAGE, "voltage", "more would lower the voltage of a node below its limit")      \
    X(SG_REASON_SCHEDULE, "schedule", "its schedule gives it another class, weight or minimum")    \
    X(SG_REASON_LEAST_RUN, "least_run", "it runs a while before it is stopped")                    \
    X(SG_REASON_RESERVE, "reserve", "below its reserve: what can be spared fills it up to it")

typedef enum sg_reason {
#define X(code, name, text) code,
    SG_REASON_LIST(X)
#undef X
        SG_REASON_COUNT
} sg_reason;

const char *sg_reason_name(sg_reason reason); /* "node_limit"                                  */
const char *sg_reason_text(sg_reason reason); /* "a breaker or feeder above is at its limit" */

/* Why a reading is not believed (measure/trust.h). */
#define SG_VERDICT_LIST(X)                                                   \
    X(SG_VERDICT_NONE, "believed")                                           \
    X(SG_VERDICT_JUMP, "jumped away from what the meters around it show")    \
    X(SG_VERDICT_FROZEN, "stands still while the meters around it move")     \
    X(SG_VERDICT_SIGN, "has the wrong sign by the meters around it")         \
    X(SG_VERDICT_UNIT, "is a thousand times what the meters around it show") \
    X(SG_VERDICT_OUTVOTED, "disagrees with the meters above and below it")   \
    X(SG_VERDICT_ENERGY, "does not follow from the power of its store")      \
    X(SG_VERDICT_LOW, "says less than what is drawn")                        \
    X(SG_VERDICT_OPEN, "does not close the balance of its node: some reading there lies")

typedef enum sg_verdict {
#define X(code, text) code,
    SG_VERDICT_LIST(X)
#undef X
        SG_VERDICT_COUNT
} sg_verdict;

const char *sg_verdict_text(sg_verdict verdict);
#endif
