#include "model/desalination.h"

#include "base/check.h"
#include "model/model.h"

#include <string.h>

double sg_ro_specific_j_per_m3(const sg_ro *self, double recovery_volume_frac)
{
    double feed = 1 / recovery_volume_frac, brine = feed - 1; /* per m3 of permeate */
    double in_pa = self->pressure_pa, left_pa = self->pressure_pa - self->drop_pa;
    switch (self->device) {
    case SG_RO_EXCHANGER: /* as much feed as there is brine takes over the brine's pressure */
        return (in_pa + (in_pa - self->device_eff * left_pa) * brine) / self->pump_eff;
    case SG_RO_TURBINE:
        return in_pa * feed / self->pump_eff - self->device_eff * left_pa * brine;
    case SG_RO_WASTE:
        break;
    }
    return in_pa * feed / self->pump_eff;
}

double sg_ro_minimum_j_per_m3(double salinity_psu, double temp_degc, double recovery_frac)
{
    double m = sg_seawater_molality(salinity_psu);
    if (recovery_frac < 1e-6) {
        return sg_nacl_osmotic_pressure_pa(m, temp_degc);
    }
    sg_brine water = {recovery_frac, 0}, brine = {1 - recovery_frac, m};
    return sg_brine_mixing_j(water, brine, temp_degc) /
           (recovery_frac * sg_nacl_volume_m3_per_kg(0, temp_degc));
}

/* 1 kg of the feed's water parted at that recovery; the osmotic pressure that stands against the parting. */
static double part(const sg_ro *self, double feed_molality, double temp_degc, double recovery,
                   sg_ro_result *ret)
{
    double salt = self->passage_frac * feed_molality * recovery;
    ret->permeate = (sg_brine){recovery, salt};
    ret->brine = (sg_brine){1 - recovery, feed_molality - salt};
    return sg_nacl_osmotic_pressure_pa(ret->brine.salt_mol / ret->brine.water_kg, temp_degc) -
           sg_nacl_osmotic_pressure_pa(self->passage_frac * feed_molality, temp_degc);
}

void sg_ro_run(const sg_ro *self, double salinity_psu, double temp_degc, sg_ro_result *ret)
{
    double m = sg_seawater_molality(salinity_psu);
    double left_pa = self->pressure_pa - self->drop_pa;
    double low = 0, high = self->recovery_frac;
    memset(ret, 0, sizeof *ret);
    ret->brine_pa = part(self, m, temp_degc, 0, ret);
    if (ret->brine_pa >= left_pa) {
        return; /* not even the first drop */
    }
    ret->brine_pa = part(self, m, temp_degc, high, ret);
    if (ret->brine_pa > left_pa) {
        for (int i = 0; i < 50; i++) {
            double middle = 0.5 * (low + high);
            if (part(self, m, temp_degc, middle, ret) > left_pa) {
                high = middle;
            } else {
                low = middle;
            }
        }
        high = low;
        ret->brine_pa = part(self, m, temp_degc, low, ret);
    }
    if (!(high > 0)) {
        return;
    }
    double permeate_m3 =
        ret->permeate.water_kg * sg_nacl_volume_m3_per_kg(self->passage_frac * m, temp_degc);
    double brine_m3 =
        ret->brine.water_kg *
        sg_nacl_volume_m3_per_kg(ret->brine.salt_mol / ret->brine.water_kg, temp_degc);
    ret->recovery_frac = high;
    ret->permeate_m3 = permeate_m3;
    ret->specific_j_per_m3 = sg_ro_specific_j_per_m3(self, permeate_m3 / (permeate_m3 + brine_m3));
    ret->minimum_j_per_m3 = sg_brine_mixing_j(ret->permeate, ret->brine, temp_degc) / permeate_m3;
}

/* --- the model --- */

enum { PRESSURE, DROP, RECOVERY, PASSAGE, PUMP, DEVICE, DEVICE_EFF, PARAM_COUNT };

static const sg_param params[PARAM_COUNT] = {
    [PRESSURE] = {"pressure_pa", SG_DIM_NONE, 73.92e5, 1e5, 2e7, NULL,
                  "of the feed over that of the surroundings", "WaterTAP: 74.9 bar absolute"},
    [DROP] = {"channel_drop_pa", SG_DIM_NONE, 1e5, 0, 1e6, NULL, "lost along the feed channel",
              "WaterTAP: 1.0 bar"},
    [RECOVERY] = {"recovery", SG_DIM_FRACTION, 0.5, 0.01, 0.9, NULL,
                  "of the feed's water; less where the pressure does not reach", "WaterTAP"},
    [PASSAGE] = {"salt_passage", SG_DIM_FRACTION, 0.008, 0, 0.2, NULL,
                 "molality of the permeate over that of the feed", "WaterTAP: 280 of 35,000 ppm"},
    [PUMP] = {"pump_efficiency", SG_DIM_FRACTION, 0.8, 0.05, 0.95, NULL, "of both pumps",
              "WaterTAP"},
    [DEVICE] = {"energy_recovery", SG_DIM_NONE, SG_RO_EXCHANGER, 0, 2,
                "pressure_exchanger|turbine|none", "where the brine's pressure goes", "WaterTAP"},
    [DEVICE_EFF] = {"recovery_efficiency", SG_DIM_FRACTION, 0.95, 0, 0.99, NULL,
                    "of exchanger or turbine", "WaterTAP"},
};

enum { IN_SEA, IN_TEMPERATURE, IN_POWER, INPUT_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [IN_SEA] = {"sea_salinity", SG_DIM_SALINITY, 35, "of the feed"},
    [IN_TEMPERATURE] = {"water_temperature", SG_DIM_TEMPERATURE, 25, "of the feed"},
    [IN_POWER] = {"power_w", SG_DIM_POWER, 1e6, "electrical power spent on it"},
};

static const sg_output outputs[] = {
    {"specific_j_m3", "J/m3", "electrical, per volume of fresh water"},
    {"minimum_j_m3", "J/m3", "reversible work of the same separation"},
    {"permeate_m3_s", "m3/s", "fresh water made"},
    {"recovery", "", "of the feed's water"},
    {"permeate_psu", "psu", "salinity of the fresh water"},
    {"brine_psu", "psu", "salinity of the brine"},
    {"brine_pressure_pa", "Pa", "osmotic pressure that stands against the pump at the end"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    if (!(in[IN_SEA] > 0) || in[IN_SEA] > 200 || in[IN_TEMPERATURE] < -2 ||
        in[IN_TEMPERATURE] > 60 || in[IN_POWER] < 0 || p[DROP] >= p[PRESSURE]) {
        return SG_RANGE;
    }
    sg_ro ro = {.pressure_pa = p[PRESSURE],
                .drop_pa = p[DROP],
                .recovery_frac = p[RECOVERY],
                .passage_frac = p[PASSAGE],
                .pump_eff = p[PUMP],
                .device_eff = p[DEVICE_EFF],
                .device = (sg_ro_device)p[DEVICE]};
    sg_ro_result r;
    sg_ro_run(&ro, in[IN_SEA], in[IN_TEMPERATURE], &r);
    bool made = r.permeate_m3 > 0;
    out[0] = r.specific_j_per_m3;
    out[1] = r.minimum_j_per_m3;
    out[2] = made ? in[IN_POWER] / r.specific_j_per_m3 : 0;
    out[3] = r.recovery_frac;
    out[4] = made ? sg_seawater_salinity_psu(r.permeate.salt_mol / r.permeate.water_kg) : 0;
    out[5] = sg_seawater_salinity_psu(r.brine.salt_mol / r.brine.water_kg);
    out[6] = r.brine_pa;
    return SG_OK;
}

const sg_model sg_model_desalination = {
    .name = "desalination",
    .title = "reverse osmosis: energy for fresh water from sea water",
    .source = "flowsheet of WaterTAP's reverse osmosis with energy recovery; osmotic pressure "
              "after Pitzer",
    .limits = "NaCl of the same mass; membrane area and concentration polarisation stand behind "
              "the pressure",
    .example = "sea_salinity=1..60 water_temperature=25",
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .step = step,
};
