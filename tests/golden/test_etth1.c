/* ETTh1, 96 rows ahead, beside published errors: Zeng et al., Are Transformers Effective for Time Series Forecasting?, AAAI 2023, table 2
 * (repeat: 1.295 / 0.713, computed on this very file as 1.294 / 0.713; DLinear 0.375); Nie et al., PatchTST, ICLR 2023 (0.370).
 * ctest: slow timeout=300 */
#include "etth1.h"

static void is_as_good_as_published_96_rows_ahead(void **state)
{
    (void)state;
    etth1_holds((etth1_row){96, 1.294, 0.713, 0.361});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_good_as_published_96_rows_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
