/* pv - a photovoltaic plant, row by row or in blocks of lanes; and the temperature of its cells alone. */
#include "model/pv.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

static const double input_presets[SG_PV_INPUTS] = {0, -1, -1, 20, 1, 1, 0};

double sg_pv_losses_frac(const double *loss_frac, int count)
{
    double left = 1;
    for (int i = 0; i < count; i++) {
        left *= 1 - loss_frac[i];
    }
    return 1 - left;
}

void sg_pv_prepare(const sg_pv_params *p, sg_pv *ret)
{
    double pressure_pa = sg_sky_pressure_pa(p->altitude_m);
    *ret = (sg_pv){.p = *p,
                   .site = sg_sun_site_of(p->latitude_rad, p->longitude_rad, pressure_pa, 12),
                   .plane = sg_sky_plane_of(p->tilt_rad, p->azimuth_rad),
                   .glass = sg_sky_glass_of(1.526, 4 * 0.002),
                   .dc_per_w_m2 = p->dc_rating_w / 1000 * (1 - p->loss_frac),
                   .inverter_dc_w = p->inverter_w / p->inverter_eff};
}

/* --- a block of rows: stages that hand arrays on, each a loop that becomes vector code --- */

typedef struct block {
    int64_t time_us[SG_VEC_BLOCK];
    double in[SG_PV_INPUTS][SG_VEC_BLOCK];
    double out[SG_PV_OUTPUTS][SG_VEC_BLOCK];
    double zenith_rad[SG_VEC_BLOCK], cos_zenith[SG_VEC_BLOCK], extraterrestrial[SG_VEC_BLOCK];
    double at_rest[SG_VEC_BLOCK], cos_aoi[SG_VEC_BLOCK]; /* of the angle of incidence; rolling */
    double ghi[SG_VEC_BLOCK], dni[SG_VEC_BLOCK], dhi[SG_VEC_BLOCK], sky[SG_VEC_BLOCK];
} block;

SG_VEC sg_sky_scene scene_of(const block *b, int k)
{
    return (sg_sky_scene){.dni_w_m2 = b->dni[k],
                          .dhi_w_m2 = b->dhi[k],
                          .extraterrestrial_w_m2 = b->extraterrestrial[k],
                          .zenith_rad = b->zenith_rad[k],
                          .cos_zenith = b->cos_zenith[k],
                          .cos_aoi = b->cos_aoi[k],
                          .air_mass = 1};
}

/* Several loops rather than one: a processor overlaps the rounds of a short loop, not those of a long one. */
SG_VEC void place_sun(const sg_pv *self, int n, block *b)
{
    double days[SG_VEC_BLOCK], ecliptic[SG_VEC_BLOCK];
    double up[SG_VEC_BLOCK], north[SG_VEC_BLOCK], east[SG_VEC_BLOCK];
    for (int k = 0; k < n; k++) {
        days[k] = sg_sun_days(b->time_us[k]);
    }
    for (int k = 0; k < n; k++) {
        double distance_au;
        sg_sun_orbit(days[k], &ecliptic[k], &distance_au);
        b->extraterrestrial[k] = SG_SOLAR_W_M2 / (distance_au * distance_au);
    }
    for (int k = 0; k < n; k++) {
        sg_sun_ephemeris e = sg_sun_ephemeris_of(days[k], ecliptic[k]);
        sg_sun_vector v = sg_sun_vector_of(&self->site, &e);
        up[k] = v.up;
        north[k] = v.north;
        east[k] = v.east;
    }
    for (int k = 0; k < n; k++) {
        b->zenith_rad[k] = sg_sun_zenith_rad(&(sg_sun_vector){up[k], north[k], east[k]});
    }
    for (int k = 0; k < n; k++) {
        sg_sun_vector v = {up[k], north[k], east[k]};
        b->zenith_rad[k] = sg_sun_refract(&self->site, b->zenith_rad[k], &v);
        b->cos_zenith[k] = v.up;
        b->at_rest[k] = self->plane.normal_up * v.up + self->plane.normal_north * v.north +
                        self->plane.normal_east * v.east;
    }
}

/* Direct and diffuse light: what is measured counts; what is missing follows from the rest, or from Erbs. */
SG_VEC void part_light(int n, block *b)
{
    for (int k = 0; k < n; k++) {
        double cosine = b->cos_zenith[k], dni, dhi, safe = sg_vec_max(0.052, cosine);
        double ghi = sg_vec_select(cosine <= 0, 0, sg_vec_max(0, b->in[SG_PV_GHI][k]));
        double extra = b->extraterrestrial[k], dni_in = b->in[SG_PV_DNI][k];
        double dhi_in = b->in[SG_PV_DHI][k];
        sg_sky_erbs(ghi, cosine, extra, &dni, &dhi);
        bool no_dni = dni_in < 0, no_dhi = dhi_in < 0;
        double rest_dni = sg_vec_min(extra, sg_vec_max(0, ghi - dhi_in) / safe);
        double rest_dhi = sg_vec_max(0, ghi - dni_in * cosine);
        double direct = sg_vec_select(no_dni, sg_vec_select(no_dhi, dni, rest_dni), dni_in);
        double diffuse = sg_vec_select(no_dhi, sg_vec_select(no_dni, dhi, rest_dhi), dhi_in);
        b->ghi[k] = ghi;
        b->dni[k] = sg_vec_select(cosine <= 0, 0, direct);
        b->dhi[k] = sg_vec_select(cosine <= 0, 0, diffuse);
    }
}

SG_VEC void roll_plane(int n, block *b)
{
    bool rolls = false;
    for (int k = 0; k < n; k++) {
        rolls |= b->in[SG_PV_ROLL][k] != 0;
    }
    if (!rolls) { /* the same bits as below, for less */
        for (int k = 0; k < n; k++) {
            b->cos_aoi[k] = sg_vec_clamp(b->at_rest[k], 0, 1);
        }
        return;
    }
    for (int k = 0; k < n; k++) {
        double c = sg_vec_clamp(b->at_rest[k], -1, 1);
        b->cos_aoi[k] = sg_pv_rolling_cos(c, sg_vec_sqrt((1 - c) * (1 + c)), b->in[SG_PV_ROLL][k]);
    }
}

SG_VEC void light_sky_perez(const sg_pv *self, int n, block *b)
{
    double f[SG_PEREZ_TERMS][SG_VEC_BLOCK], bin[SG_VEC_BLOCK];
    for (int k = 0; k < n; k++) {
        sg_sky_scene s = scene_of(b, k);
        bin[k] = sg_sky_perez_bin(&s);
    }
    for (int k = 0; k < n; k++) {
        const double *row = sg_perez_terms[(int)bin[k]];
        for (int i = 0; i < SG_PEREZ_TERMS; i++) {
            f[i][k] = row[i];
        }
    }
    for (int k = 0; k < n; k++) {
        sg_sky_scene s = scene_of(b, k);
        s.air_mass = sg_sky_air_mass(s.zenith_rad);
        b->sky[k] = sg_sky_perez(&s, &self->plane, sg_sky_perez_term(&s, f[0][k], f[1][k], f[2][k]),
                                 sg_sky_perez_term(&s, f[3][k], f[4][k], f[5][k]));
    }
}

SG_VEC void light_sky(const sg_pv *self, int n, block *b)
{
    if (self->p.sky == SG_PV_PEREZ) {
        light_sky_perez(self, n, b);
    } else if (self->p.sky == SG_PV_ISOTROPIC) {
        for (int k = 0; k < n; k++) {
            sg_sky_scene s = scene_of(b, k);
            b->sky[k] = sg_sky_isotropic(&s, &self->plane);
        }
    } else {
        for (int k = 0; k < n; k++) {
            sg_sky_scene s = scene_of(b, k);
            b->sky[k] = sg_sky_hay_davies(&s, &self->plane);
        }
    }
}

SG_VEC void make_power(const sg_pv *self, int n, block *b)
{
    double reflected = self->p.albedo_frac * self->plane.ground_share, passed[SG_VEC_BLOCK];
    for (int k = 0; k < n; k++) {
        passed[k] = sg_sky_iam_physical(&self->glass, b->cos_aoi[k]);
    }
    for (int k = 0; k < n; k++) {
        double wind = sg_vec_max(0, b->in[SG_PV_WIND][k]), air = b->in[SG_PV_AIR][k];
        double beam = b->dni[k] * b->cos_aoi[k];
        double diffuse = b->sky[k] + b->ghi[k] * reflected;
        double soiling = b->in[SG_PV_SOILING][k];
        bool sound =
            (air >= -273.15) & (soiling >= 0) & (soiling <= 1) & (b->in[SG_PV_ROLL][k] >= 0);
        double effective = sg_vec_select(sound, (beam * passed[k] + diffuse) * soiling, NAN);
        double cell =
            sg_pv_faiman_degc(beam + diffuse, air, wind, self->p.u0_w_m2k, self->p.u1_w_m3sk);
        double dc =
            sg_vec_max(0, effective * self->dc_per_w_m2 * (1 + self->p.gamma_per_k * (cell - 25)));
        b->out[SG_PV_POA][k] = beam + diffuse;
        b->out[SG_PV_EFFECTIVE][k] = effective;
        b->out[SG_PV_CELL][k] = cell;
        b->out[SG_PV_DC][k] = dc;
        b->out[SG_PV_AC][k] = sg_pv_inverter_w(dc, self->inverter_dc_w, self->p.inverter_eff);
    }
    if (self->p.no_load_frac > 0 || self->p.load_frac > 0) {
        for (int k = 0; k < n; k++) {
            b->out[SG_PV_AC][k] = sg_pv_transformer_w(b->out[SG_PV_AC][k], self->p.no_load_frac,
                                                      self->p.load_frac, self->p.inverter_w);
        }
    }
}

SG_VEC void angles(int n, block *b)
{
    for (int k = 0; k < n; k++) {
        b->out[SG_PV_ZENITH][k] = b->zenith_rad[k] * SG_PER_DEGREE;
        b->out[SG_PV_AOI][k] = sg_vec_acos(b->at_rest[k]) * SG_PER_DEGREE;
    }
}

SG_VEC void run_block(const sg_pv *self, int n, bool with_angles, block *b)
{
    place_sun(self, n, b);
    part_light(n, b);
    roll_plane(n, b);
    light_sky(self, n, b);
    make_power(self, n, b);
    if (with_angles) {
        angles(n, b);
    }
}

/* The same body for the lanes of each instruction set; AVX-512 has no way of its own, it would run 256 bits wide as well. */
static void run_two_lanes(const sg_pv *self, bool with_angles, block *b)
{
    run_block(self, SG_VEC_BLOCK, with_angles, b);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void run_four_lanes(const sg_pv *self, bool with_angles,
                                                           block *b)
{
    run_block(self, SG_VEC_BLOCK, with_angles, b);
}
#endif

static void run_lanes(const sg_pv *self, bool with_angles, block *b)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        run_four_lanes(self, with_angles, b);
        return;
    }
#endif
    run_two_lanes(self, with_angles, b);
}

void sg_pv_rows(const sg_pv *self, int64_t count, const int64_t *time_us,
                const double *const in[SG_PV_INPUTS], double *const out[SG_PV_OUTPUTS])
{
    block b;
    bool with_angles = out[SG_PV_ZENITH] || out[SG_PV_AOI];
    for (int i = 0; i < SG_PV_INPUTS; i++) {
        for (int k = 0; k < SG_VEC_BLOCK; k++) {
            b.in[i][k] = input_presets[i];
        }
    }
    for (int64_t at = 0; at < count; at += SG_VEC_BLOCK) {
        int64_t left = count - at;
        size_t n = (size_t)(left < SG_VEC_BLOCK ? left : SG_VEC_BLOCK);
        for (size_t k = 0; k < SG_VEC_BLOCK; k++) { /* the last row fills a block that is short */
            b.time_us[k] = time_us[at + (int64_t)(k < n ? k : n - 1)];
        }
        for (int i = 0; i < SG_PV_INPUTS; i++) {
            if (in[i]) {
                memcpy(b.in[i], in[i] + at, n * sizeof(double));
            }
        }
        run_lanes(self, with_angles, &b);
        for (int i = 0; i < SG_PV_OUTPUTS; i++) {
            if (out[i]) {
                memcpy(out[i] + at, b.out[i], n * sizeof(double));
            }
        }
    }
}

void sg_pv_point(const sg_pv *self, int64_t time_us, const double in[SG_PV_INPUTS],
                 double out[SG_PV_OUTPUTS])
{
    block b;
    b.time_us[0] = time_us;
    for (int i = 0; i < SG_PV_INPUTS; i++) {
        b.in[i][0] = in[i];
    }
    run_block(self, 1, true, &b);
    for (int i = 0; i < SG_PV_OUTPUTS; i++) {
        out[i] = b.out[i][0];
    }
}

/* --- the model pv --- */

enum {
    LATITUDE,
    LONGITUDE,
    ALTITUDE,
    TILT,
    AZIMUTH,
    ALBEDO,
    DC_RATING,
    GAMMA,
    LOSSES,
    INVERTER,
    INVERTER_EFF,
    U0,
    U1,
    SKY,
    NO_LOAD,
    LOAD,
    PARAM_COUNT
};

static const sg_param params[PARAM_COUNT] = {
    [LATITUDE] = {"latitude", SG_DIM_ANGLE, 54.5 * SG_DEGREE, -SG_PI / 2, SG_PI / 2, NULL,
                  "north positive; the preset is an example in the North Sea", ""},
    [LONGITUDE] = {"longitude", SG_DIM_ANGLE, 3 * SG_DEGREE, -SG_PI, SG_PI, NULL,
                   "east positive; the preset is an example in the North Sea", ""},
    [ALTITUDE] = {"altitude", SG_DIM_LENGTH, 0, -500, 9000, NULL, "above the sea", ""},
    [TILT] = {"tilt", SG_DIM_ANGLE, 10 * SG_DEGREE, 0, SG_PI, NULL, "of the array; 0 is level",
              "usual for floating arrays"},
    [AZIMUTH] = {"azimuth", SG_DIM_ANGLE, SG_PI, 0, 2 * SG_PI, NULL,
                 "that the array faces, clockwise from north", ""},
    [ALBEDO] = {"albedo", SG_DIM_FRACTION, 0.08, 0, 1, NULL,
                "of what lies before the array: sea 0.06 to 0.10, land 0.2",
                "engineering estimate"},
    [DC_RATING] = {"dc_rating", SG_DIM_POWER, 1e6, 1, 1e12, NULL,
                   "of the modules at 1000 W/m2 and 25 degC", ""},
    [GAMMA] = {"temperature_coefficient", SG_DIM_PER_KELVIN, -0.0035, -0.02, 0, NULL,
               "change of power per kelvin of cell temperature",
               "typical of monocrystalline silicon"},
    [LOSSES] = {"losses", SG_DIM_FRACTION, 0.14075660688264465, 0, 0.9, NULL,
                "of DC. The preset counts 2 % of dirt: 0.123 where soiling is an input",
                "NREL/TP-6A20-62641 (PVWatts 5)"},
    [INVERTER] = {"inverter_rating", SG_DIM_POWER, 0.7e6, 1, 1e12, NULL, "most AC they deliver",
                  ""},
    [INVERTER_EFF] = {"inverter_efficiency", SG_DIM_FRACTION, 0.96, 0.5, 0.999, NULL, "nominal",
                      "NREL/TP-6A20-62641 (PVWatts 5)"},
    [U0] = {"u0_w_m2k", SG_DIM_NONE, 25, 5, 100, NULL, "heat that a module loses in still air",
            "Faiman 2008"},
    [U1] = {"u1_w_m3sk", SG_DIM_NONE, 6.84, 0, 50, NULL, "more of it for each m/s of wind",
            "Faiman 2008"},
    [SKY] = {"sky", SG_DIM_NONE, SG_PV_HAY_DAVIES, 0, 2, "hay_davies|perez|isotropic",
             "how diffuse light is spread over the sky", "see model transposition"},
    [NO_LOAD] =
        {"transformer_no_load", SG_DIM_FRACTION, 0, 0, 0.05, NULL,
         "loss of the plant's transformer at any time, of inverter_rating; drawn from the bus "
         "at night",
         "IEC 60076"},
    [LOAD] = {"transformer_load", SG_DIM_FRACTION, 0, 0, 0.1, NULL,
              "loss on top of it at full power, of inverter_rating", "IEC 60076"},
};

static const sg_input inputs[SG_PV_INPUTS] = {
    [SG_PV_GHI] = {"ghi", SG_DIM_IRRADIANCE, NAN,
                   "global horizontal irradiance; below 0 counts as 0"},
    [SG_PV_DNI] = {"dni", SG_DIM_IRRADIANCE, -1,
                   "direct normal irradiance; below 0: from the others, or by Erbs"},
    [SG_PV_DHI] = {"dhi", SG_DIM_IRRADIANCE, -1,
                   "diffuse horizontal irradiance; below 0: from the others, or by Erbs"},
    [SG_PV_AIR] = {"air_temperature", SG_DIM_TEMPERATURE, 20, "ambient"},
    [SG_PV_WIND] = {"wind_speed", SG_DIM_SPEED, 1, "at the modules; below 0 counts as 0"},
    [SG_PV_SOILING] = {"soiling_ratio", SG_DIM_FRACTION, 1,
                       "share of light that dirt lets through"},
    [SG_PV_ROLL] = {"platform_tilt", SG_DIM_ANGLE, 0,
                    "rms of a floating platform's tilt, in each of two directions"},
};

static const sg_output outputs[SG_PV_OUTPUTS] = {
    [SG_PV_AC] = {"ac_w", "W", "at the bus; below 0 only for a transformer at night"},
    [SG_PV_DC] = {"dc_w", "W", "into the inverters, losses taken off, before they clip"},
    [SG_PV_POA] = {"poa_w_m2", "W/m2", "on the plane of the array"},
    [SG_PV_EFFECTIVE] = {"effective_w_m2", "W/m2", "of it, past reflection and dirt"},
    [SG_PV_CELL] = {"cell_degc", "degC", "temperature of the cells"},
    [SG_PV_ZENITH] = {"zenith_deg", "deg", "of the sun, as seen, in the middle of the step"},
    [SG_PV_AOI] = {"aoi_deg", "deg", "angle of incidence of the beam, platform at rest"},
};

static void prepare(const double *p, sg_pv *ret)
{
    sg_pv_params plant = {.latitude_rad = p[LATITUDE],
                          .longitude_rad = p[LONGITUDE],
                          .altitude_m = p[ALTITUDE],
                          .tilt_rad = p[TILT],
                          .azimuth_rad = p[AZIMUTH],
                          .albedo_frac = p[ALBEDO],
                          .dc_rating_w = p[DC_RATING],
                          .gamma_per_k = p[GAMMA],
                          .loss_frac = p[LOSSES],
                          .inverter_w = p[INVERTER],
                          .inverter_eff = p[INVERTER_EFF],
                          .u0_w_m2k = p[U0],
                          .u1_w_m3sk = p[U1],
                          .no_load_frac = p[NO_LOAD],
                          .load_frac = p[LOAD],
                          .sky = (sg_pv_sky)p[SKY]};
    sg_pv_prepare(&plant, ret);
}

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)state;
    sg_pv plant;
    prepare(p, &plant);
    sg_pv_point(&plant, now->time_us, in, out);
    return isnan(out[SG_PV_EFFECTIVE]) ? SG_RANGE : SG_OK; /* no such air, dirt or platform */
}

static void batch(const double *p, const int64_t *time_us, double dt_s, int64_t count,
                  const double *const *in, double *const *state, double *const *out)
{
    (void)dt_s;
    (void)state;
    sg_pv plant;
    prepare(p, &plant);
    sg_pv_rows(&plant, count, time_us, in, out);
}

const sg_model sg_model_pv = {
    .name = "pv",
    .title = "photovoltaic plant from sun and weather to AC",
    .source = "Almanac sun; Erbs et al. 1982; Hay & Davies 1980 or Perez et al. 1990; De Soto et "
              "al. 2006; "
              "Faiman 2008; PVWatts 5 (NREL/TP-6A20-62641)",
    .limits = "a year's energy within about 10 %; no shading, snow or spectrum; the beam alone is "
              "reflected; "
              "light that is reported while the sun is down counts as the sensor's offset",
    .example = "time=2026-06-21T05:00:00Z..2026-06-21T12:00:00Z ghi=130..900 air_temperature=18 "
               "wind_speed=4 "
               "dt_s=262.5",
    .needs = SG_NEEDS_TIME | SG_NEEDS_DT,
    .params = params,
    .param_count = PARAM_COUNT,
    .inputs = inputs,
    .input_count = SG_PV_INPUTS,
    .outputs = outputs,
    .output_count = SG_PV_OUTPUTS,
    .step = step,
    .batch = batch,
};

/* --- the model cell_temperature --- */

enum {
    METHOD,
    FAIMAN_U0,
    FAIMAN_U1,
    SAPM_A,
    SAPM_B,
    SAPM_RISE,
    UC,
    UV,
    EFFICIENCY,
    ROSS,
    NOCT,
    CELL_PARAMS
};
enum { FAIMAN, SAPM, PVSYST, ROSS_METHOD, NOCT_SAM, METHODS };

static const sg_param cell_params[CELL_PARAMS] = {
    [METHOD] = {"method", SG_DIM_NONE, FAIMAN, 0, METHODS - 1, "faiman|sapm|pvsyst|ross|noct_sam",
                "equation", ""},
    [FAIMAN_U0] = {"u0_w_m2k", SG_DIM_NONE, 25, 5, 100, NULL, "Faiman: heat lost in still air",
                   "Faiman 2008"},
    [FAIMAN_U1] = {"u1_w_m3sk", SG_DIM_NONE, 6.84, 0, 50, NULL, "Faiman: more for each m/s",
                   "Faiman 2008"},
    [SAPM_A] = {"sapm_a", SG_DIM_NONE, -3.47, -6, -1, NULL,
                "SAPM: still air; open rack, glass/glass", "SAND2004-3535"},
    [SAPM_B] = {"sapm_b_s_m", SG_DIM_NONE, -0.0594, -1, 0, NULL, "SAPM: wind", "SAND2004-3535"},
    [SAPM_RISE] = {"sapm_cell_rise_k", SG_DIM_NONE, 3, 0, 20, NULL,
                   "SAPM: cell over back of module at 1000 W/m2", "SAND2004-3535"},
    [UC] = {"uc_w_m2k", SG_DIM_NONE, 29, 5, 100, NULL, "PVsyst: heat lost in still air",
            "PVsyst, free mounting"},
    [UV] = {"uv_w_m3sk", SG_DIM_NONE, 0, 0, 50, NULL, "PVsyst: more for each m/s",
            "PVsyst, free mounting"},
    [EFFICIENCY] = {"efficiency", SG_DIM_FRACTION, 0.1, 0, 0.89, NULL,
                    "PVsyst and NOCT: of the module", "PVsyst's preset; set it to the module's"},
    [ROSS] = {"ross_k_km2_w", SG_DIM_NONE, 0.0375, 0, 0.2, NULL, "Ross: kelvin per W/m2",
              "Ross 1980"},
    [NOCT] = {"noct", SG_DIM_TEMPERATURE, 45, 20, 90, NULL,
              "NOCT: cell at 800 W/m2, 20 degC and 1 m/s", "typical data sheet"},
};

static const sg_input cell_inputs[] = {
    {"poa_w_m2", SG_DIM_IRRADIANCE, NAN, "in the plane of the array; below 0 counts as 0"},
    {"air_temperature", SG_DIM_TEMPERATURE, 20, "ambient"},
    {"wind_speed", SG_DIM_SPEED, 1, "at the modules (SAPM, NOCT: at 10 m); below 0 counts as 0"}};

static const sg_output cell_outputs[] = {
    {"cell_degc", "degC", "temperature of the cells"},
    {"module_degc", "degC", "of the module's back; differs for SAPM alone"}};

static sg_status cell_step(const sg_model *self, const double *p, const sg_now *now,
                           const double *in, double *state, double *out)
{
    (void)self;
    (void)now;
    (void)state;
    double poa = sg_vec_max(0, in[0]), air = in[1], wind = sg_vec_max(0, in[2]), cell = 0;
    if (air < -273.15) {
        return SG_RANGE;
    }
    switch ((int)p[METHOD]) {
    case FAIMAN:
        cell = sg_pv_faiman_degc(poa, air, wind, p[FAIMAN_U0], p[FAIMAN_U1]);
        break;
    case SAPM:
        out[1] = sg_pv_sapm_module_degc(poa, air, wind, p[SAPM_A], p[SAPM_B]);
        out[0] = sg_pv_sapm_cell_degc(poa, out[1], p[SAPM_RISE]);
        return SG_OK;
    case PVSYST:
        cell = sg_pv_pvsyst_degc(poa, air, wind, p[UC], p[UV], p[EFFICIENCY]);
        break;
    case ROSS_METHOD:
        cell = sg_pv_ross_degc(poa, air, p[ROSS]);
        break;
    case NOCT_SAM:
        cell = sg_pv_noct_sam_degc(poa, air, wind, p[NOCT], p[EFFICIENCY]);
        break;
    default:
        return SG_RANGE;
    }
    out[0] = out[1] = cell;
    return SG_OK;
}

const sg_model sg_model_cell_temperature = {
    .name = "cell_temperature",
    .title = "temperature of photovoltaic cells",
    .source = "Faiman, Prog. Photovolt. 16 (2008) 307; King et al., SAND2004-3535; PVsyst; Ross "
              "1980; SAM "
              "Photovoltaic Technical Reference (NOCT)",
    .limits = "steady state: no heat capacity (modules lag by some minutes), no radiation to a "
              "cold sky",
    .example = "poa_w_m2=900 air_temperature=20 wind_speed=0..12",
    .params = cell_params,
    .param_count = CELL_PARAMS,
    .inputs = cell_inputs,
    .input_count = SG_COUNT(cell_inputs),
    .outputs = cell_outputs,
    .output_count = SG_COUNT(cell_outputs),
    .step = cell_step,
};
