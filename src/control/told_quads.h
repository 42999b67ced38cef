/* told_quads.h - caps and reasons of a row of loads, four at a time (quads.h). Included by flows.c, once for each width. */

/* A byte of all bits for each bit. */
static const uint32_t Q_NAME(bytes_of_bits)[16] = {
    0x00000000, 0x000000FF, 0x0000FF00, 0x0000FFFF, 0x00FF0000, 0x00FF00FF, 0x00FFFF00, 0x00FFFFFF,
    0xFF000000, 0xFF0000FF, 0xFF00FF00, 0xFF00FFFF, 0xFFFF0000, 0xFFFF00FF, 0xFFFFFF00, 0xFFFFFFFF};

/* Where nothing but the demand, its minimum and the way up count: plain_reason(). */
Q_CODE void Q_NAME(tell)(const telling *j, sg_row row, int why)
{
    const uint32_t each = 0x01010101, wanted = SG_REASON_DEMAND * each,
                   cut = (uint32_t)why * each ^ wanted, shed = SG_REASON_SHED * each ^ wanted;
    const Q nearly = Q_DO(all)(1 - 1e-9), none = Q_DO(all)(0);
    int32_t l = row.from;
    for (; l + 4 <= row.to; l += 4) {
        Q given = Q_DO(load)(j->given_w + l);
        Q want = Q_DO(min)(Q_DO(load)(j->demand_w + l), Q_DO(load)(j->rating_w + l));
        uint32_t less =
                     Q_NAME(bytes_of_bits)[Q_DO(bits)(Q_DO(below)(given, Q_DO(mul)(want, nearly)))],
                 least = 0;
        if (j->minimum_w) {
            Q low = Q_DO(min)(Q_DO(load)(j->minimum_w + l), want);
            least = Q_NAME(bytes_of_bits)[Q_DO(bits)(Q_DO(below)(given, Q_DO(mul)(low, nearly)))];
        }
        uint32_t reason = wanted ^ (less & ((cut & ~least) | (shed & least)));
        memcpy(j->reason + l, &reason, sizeof reason);
        Q more = j->spare_w ? Q_DO(load)(j->spare_w + l) : none;
        Q_DO(store)(j->cap_w + l, Q_DO(add)(given, more));
    }
    for (; l < row.to; l++) {
        double want_w = lesser(j->demand_w[l], j->rating_w[l]);
        j->reason[l] =
            (uint8_t)plain_reason(j->given_w[l], want_w, j->minimum_w ? j->minimum_w[l] : 0, why);
        j->cap_w[l] = j->given_w[l] + (j->spare_w ? j->spare_w[l] : 0);
    }
}
