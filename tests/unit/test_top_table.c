/* The live table: every figure of the document that it shows is the document's, and nothing in a document moves the cursor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/top_table.h"

#include <stdio.h>
#include <string.h>

static const char document[] =
    "{\"format\":\"symgrid.telemetry/1\",\"time\":\"2026-01-31T12:00:01.500Z\",\"tick\":7,"
    "\"site\":{\"title\":\"Ha\\u001b[31mll\",\"currency\":\"EUR\",\"mode\":\"control\",\"policy\":"
    "\"mpc\",\"safe\":false},"
    "\"balance\":{\"load_kw\":123.456,\"generation_kw\":20,\"import_kw\":110.5,\"export_kw\":0,"
    "\"charge_kw\":7,\"discharge_kw\":1},"
    "\"price\":{\"import_per_kwh\":0.31},\"grid\":{\"up\":true},"
    "\"sources\":[{\"id\":\"roof\",\"count\":1,\"power_kw\":20,\"limit_kw\":45.25,\"quality\":"
    "\"good\",\"reason\":\"none\",\"hypothetical\":false}],"
    "\"stores\":[{\"id\":\"battery\",\"count\":2,\"power_kw\":-6,\"setpoint_kw\":-6.5,\"soc_frac\":"
    "0.4321,\"quality\":\"stale\",\"reason\":\"cheap\",\"hypothetical\":false}],"
    "\"loads\":[{\"id\":\"web\",\"count\":64,\"power_kw\":123.456,\"cap_kw\":130,\"shed_count\":0,"
    "\"quality\":\"good\",\"reason\":\"demand\"}],"
    "\"nodes\":[{\"id\":\"site\",\"power_kw\":110,\"limit_kw\":null},{\"id\":\"pdu-1\",\"power_"
    "kw\":"
    "30,\"limit_kw\":120},{\"id\":\"pdu-2\",\"power_kw\":90,\"limit_kw\":100},{\"id\":\"pdu-3\","
    "\"power_kw\":10,\"limit_kw\":100},{\"id\":\"pdu-4\",\"power_kw\":88,\"limit_kw\":80},{\"id\":"
    "\"pdu-5\",\"power_kw\":40,\"limit_kw\":100}],"
    "\"decisions\":[{\"time\":\"2026-01-31T11:59:58Z\",\"device\":\"battery\",\"from_kw\":0,\"to_"
    "kw\":"
    "-6.5,\"text\":\"energy is cheap now: fill the store\"}],"
    "\"alarms\":{\"critical\":1,\"unacknowledged\":2,\"x\\ny\":0},"
    "\"plan\":{\"rung\":\"fresh\"},\"health\":{\"step_us_p99\":143,\"late_steps\":2,\"journal\":"
    "\"ok\",\"disbelieved\":0}}";

static const char *const shown[] = {
    "Ha[31mll  2026-01-31T12:00:01.500Z  mode control, policy mpc\n",
    ("load 123.46 kW  generation 20.00 kW  grid up +110.50 kW  stores -6.00 kW  price 0.31 "
     "EUR/kWh\n"),
    "roof                      1 source        20.00       45.25",
    "battery                   2 store         -6.00       -6.50  43.2 %  cheap          stale\n",
    "web                      64 load          123.5       130.0          demand         good\n",
    "fullest  pdu-4 110 % pdu-2 90 % pdu-5 40 % pdu-1 25 %\n",
    "step p99 143 us, 2 late; plan: fresh; journal ok; 0 readings not believed\n",
    "alarms  critical 1 unacknowledged 2 xy 0\n",
    "11:59:58  battery  0.00 to -6.50 kW: energy is cheap now: fill the store\n"};

static void shows_what_the_document_says(void **state)
{
    (void)state;
    sg_out out = {0};
    FILE *nowhere = fopen("/dev/null", "w"); /* no terminal: no colours */
    assert_true(sg_top_table(document, sizeof document - 1, nowhere, 0, &out));
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (!strstr(out.text, shown[i])) {
            print_error("%sdoes not show\n%s", out.text, shown[i]);
            fail();
        }
    }
    for (size_t i = 0; i < out.length; i++) {
        assert_true((unsigned char)out.text[i] >= ' ' || out.text[i] == '\n');
    }
    sg_out_free(&out);
    fclose(nowhere);
}

static void keeps_to_the_screen(void **state)
{
    (void)state;
    FILE *nowhere = fopen("/dev/null", "w");
    for (int rows = 1; rows < 12; rows++) {
        sg_out out = {0};
        int lines = 0;
        assert_true(sg_top_table(document, sizeof document - 1, nowhere, rows, &out));
        for (size_t i = 0; i < out.length; i++) {
            lines += out.text[i] == '\n';
        }
        assert_int_equal(lines, rows < 10 ? rows : 10);
        sg_out_free(&out);
    }
    fclose(nowhere);
}

static void refuses_other_documents(void **state)
{
    (void)state;
    static const char *const others[] = {"", "{", "[]", "{}", "{\"format\":\"symgrid.plan/1\"}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        sg_out out = {0};
        assert_false(sg_top_table(others[i], strlen(others[i]), stdout, 0, &out));
        assert_int_equal(out.length, 0);
        sg_out_free(&out);
    }
    sg_out out = {0}; /* what is missing shows as such */
    static const char bare[] = "{\"format\":\"symgrid.telemetry/1\",\"loads\":[{\"id\":\"x\"},5]}";
    assert_true(sg_top_table(bare, sizeof bare - 1, stdout, 0, &out));
    sg_out_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shows_what_the_document_says),
                                       cmocka_unit_test(keeps_to_the_screen),
                                       cmocka_unit_test(refuses_other_documents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
