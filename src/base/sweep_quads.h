/* sweep_quads.h - sums and checks of rows of numbers, four at a time (quads.h). Included by sweep.c, once for each width. */

/* Eight lanes: the fourth after next, the next but one, neighbours, then what is left over. */
Q_CODE double Q_NAME(lanes_sum)(const double *value, int32_t count)
{
    Q a = Q_DO(all)(0), b = a;
    double rest = 0;
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        a = Q_DO(add)(a, Q_DO(load)(value + i));
        b = Q_DO(add)(b, Q_DO(load)(value + i + 4));
    }
    for (; i < count; i++) {
        rest += value[i];
    }
    a = Q_DO(add)(a, b);
    sg_pair two = Q_DO(low)(a) + Q_DO(high)(a);
    return two[0] + two[1] + rest;
}

Q_CODE double Q_NAME(lanes_squares)(const double *value, int32_t count, double *ret_sum)
{
    Q a = Q_DO(all)(0), aa = a;
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        Q x = Q_DO(load)(value + i);
        a = Q_DO(add)(a, x);
        aa = Q_DO(add)(aa, Q_DO(mul)(x, x));
    }
    sg_pair two = Q_DO(low)(a), squares = Q_DO(low)(aa);
    for (; i < count; i++) {
        two[0] += value[i];
        squares[0] += value[i] * value[i];
    }
    two += Q_DO(high)(a);
    squares += Q_DO(high)(aa);
    *ret_sum = two[0] + two[1];
    return squares[0] + squares[1];
}

Q_CODE bool Q_NAME(lanes_within)(const double *value, const double *most, double scale, double more,
                                 int32_t count)
{
    const Q zero = Q_DO(all)(0), by = Q_DO(all)(scale), and = Q_DO(all)(more);
    Q_MASK kept = Q_DO(upto)(zero, zero);
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        Q v = Q_DO(load)(value + i);
        Q_MASK low = Q_DO(upto)(zero, v),
               high = Q_DO(upto)(v, Q_DO(add)(Q_DO(mul)(Q_DO(load)(most + i), by), and));
        kept = Q_DO(both)(kept, Q_DO(both)(low, high));
    }
    bool all = Q_DO(bits)(kept) == 15;
    for (; i < count; i++) {
        all = all && value[i] >= 0 && value[i] <= most[i] * scale + more;
    }
    return all;
}

Q_CODE bool Q_NAME(lanes_below)(const double *value, const double *x, double a, const double *y,
                                double b, int32_t count)
{
    const Q aa = Q_DO(all)(a), bb = Q_DO(all)(b);
    Q_MASK kept = Q_DO(upto)(aa, aa);
    int32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        Q most = Q_DO(add)(Q_DO(mul)(Q_DO(load)(x + i), aa), Q_DO(mul)(Q_DO(load)(y + i), bb));
        kept = Q_DO(both)(kept, Q_DO(upto)(Q_DO(load)(value + i), most));
    }
    bool all = Q_DO(bits)(kept) == 15;
    for (; i < count; i++) {
        all = all && value[i] <= x[i] * a + y[i] * b;
    }
    return all;
}
