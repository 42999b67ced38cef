#include "model/seawater.h"

#include "base/check.h"
#include "model/model.h"

#include <math.h>

static const double zero_degc_k = 273.15;

double sg_seawater_molality(double salinity_psu)
{
    return salinity_psu / (SG_NACL_KG_PER_MOL * (1000 - salinity_psu));
}

double sg_seawater_salinity_psu(double molality)
{
    double salt_kg = molality * SG_NACL_KG_PER_MOL;
    return 1000 * salt_kg / (1 + salt_kg);
}

/* The polynomials were fitted on the temperature scale of 1968. */
static double temp_of_1968(double temp_degc)
{
    return 1.00024 * temp_degc;
}

static double water_density_kg_m3(double temp_degc)
{
    double t = temp_of_1968(temp_degc);
    return 999.842594 +
           t * (6.793952e-2 +
                t * (-9.095290e-3 + t * (1.001685e-4 + t * (-1.120083e-6 + t * 6.536332e-9))));
}

double sg_seawater_density_kg_m3(double salinity_psu, double temp_degc)
{
    double t = temp_of_1968(temp_degc), s = salinity_psu;
    double a = 8.24493e-1 + t * (-4.0899e-3 + t * (7.6438e-5 + t * (-8.2467e-7 + t * 5.3875e-9)));
    double b = -5.72466e-3 + t * (1.0227e-4 + t * -1.6546e-6);
    return water_density_kg_m3(temp_degc) + s * (a + b * sqrt(s) + 4.8314e-4 * s);
}

/* --- conductivity --- */

/* Conductivity of water of 35 psu over that at 15 degC. */
static double conductivity_by_temp(double temp_degc)
{
    double t = temp_of_1968(temp_degc);
    return 0.6766097 + t * (2.00564e-2 + t * (1.104259e-4 + t * (-6.9698e-7 + t * 1.0031e-9)));
}

/* Salinity from the square root of the conductivity ratio at the water's temperature, with Hill's correction. */
static double salinity_of_root(double root, double temp_degc)
{
    double t = temp_of_1968(temp_degc) - 15, x = root, ratio = root * root;
    double by_temp = t / (1 + 0.0162 * t);
    double s =
        0.0080 + x * (-0.1692 + x * (25.3851 + x * (14.0941 + x * (-7.0261 + x * 2.7081)))) +
        by_temp *
            (0.0005 + x * (-0.0056 + x * (-0.0066 + x * (-0.0375 + x * (0.0636 + x * -0.0144)))));
    double far = 400 * ratio, near = 100 * ratio;
    return s - 0.008 / (1 + far * (1.5 + far)) - 0.0005 * by_temp / (1 + sqrt(near) * (1 + near));
}

static double conductivity_to_42_psu(double salinity_psu, double temp_degc)
{
    double low = 0, high = 1.2; /* 42 psu lies at 1.09 */
    for (int i = 0; i < 50; i++) {
        double middle = 0.5 * (low + high);
        if (salinity_of_root(middle, temp_degc) < salinity_psu) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double root = 0.5 * (low + high);
    return 4.2914 * root * root * conductivity_by_temp(temp_degc);
}

double sg_seawater_conductivity_s_m(double salinity_psu, double temp_degc)
{
    if (!(salinity_psu > 0)) {
        return 0;
    }
    if (salinity_psu <= 42) {
        return conductivity_to_42_psu(salinity_psu, temp_degc);
    }
    return conductivity_to_42_psu(42, temp_degc) *
           sg_nacl_conductivity_s_m(sg_seawater_molality(salinity_psu), temp_degc) /
           sg_nacl_conductivity_s_m(sg_seawater_molality(42), temp_degc);
}

double sg_nacl_conductivity_s_m(double molality, double temp_degc)
{
    /* square root of mol/l, and 1e-4 S m2/mol at 25 degC */
    static const double root[] = {0,        0.022361, 0.031623, 0.070711, 0.1, 0.141421,
                                  0.223607, 0.316228, 0.447214, 0.707107, 1.0, 1.414214,
                                  1.732051, 2.0,      2.236068, 2.5};
    static const double molar[] = {126.45, 124.50, 123.74, 120.64, 118.51, 115.76, 111.06, 106.74,
                                   101.71, 93.62,  85.76,  74.71,  65.57,  57.23,  49.46,  41.2};
    double litre = molality / sg_nacl_volume_m3_per_kg(molality, 25) * 1e-3;
    double at = sqrt(litre > 0 ? litre : 0);
    int i = 0;
    while (i < SG_COUNT(root) - 2 && at > root[i + 1]) {
        i++;
    }
    double share = (at - root[i]) / (root[i + 1] - root[i]);
    double value = molar[i] + (molar[i + 1] - molar[i]) * share;
    value = value > 20 ? value : 20; /* past saturation */
    return litre * value * 0.1 * conductivity_by_temp(temp_degc) / conductivity_by_temp(25);
}

double sg_seawater_sound_ms(double salinity_psu, double temp_degc, double depth_m)
{
    double t = temp_degc, s = salinity_psu - 35, d = depth_m;
    return 1448.96 + t * (4.591 + t * (-5.304e-2 + t * 2.374e-4)) + 1.340 * s + 1.630e-2 * d +
           1.675e-7 * d * d - 1.025e-2 * t * s - 7.139e-13 * t * d * d * d;
}

double sg_water_viscosity_pa_s(double temp_degc)
{
    return 2.414e-5 * exp(247.8 / (temp_degc + zero_degc_k - 140) * 2.302585092994046);
}

/* --- Pitzer --- */

static double dielectric(double temp_degc)
{
    double t = temp_degc;
    return 87.740 + t * (-0.40008 + t * (9.398e-4 + t * -1.410e-6));
}

double sg_water_debye_hueckel(double temp_degc)
{
    double density = water_density_kg_m3(temp_degc) / water_density_kg_m3(25);
    double coulomb = dielectric(25) * 298.15 / (dielectric(temp_degc) * (temp_degc + zero_degc_k));
    return 0.3915 * sqrt(density) * coulomb * sqrt(coulomb);
}

sg_pitzer sg_pitzer_at(double temp_degc)
{
    double t = temp_degc + zero_degc_k;
    /* what temperature changes: 1/T, ln T, T, T^2, 1/T^2, each less its value at 25 degC */
    double a = 1 / t - 1 / 298.15, b = log(t / 298.15), c = t - 298.15;
    double d = t * t - 298.15 * 298.15, e = 1 / (t * t) - 1 / (298.15 * 298.15);
    return (sg_pitzer){
        .a_phi = sg_water_debye_hueckel(temp_degc),
        .beta0 = 0.0765 + 9598.4 * a + 35.48 * b - 5.8731e-2 * c + 1.798e-5 * d - 5e5 * e,
        .beta1 = 0.2664 + 1.377e4 * a + 46.8 * b - 6.9512e-2 * c + 2e-5 * d - 7.4823e5 * e,
        .c_phi = 0.00127 - 120.5 * a - 0.2081 * b + 1.166e-7 * d + 11121 * e};
}

double sg_pitzer_ln_gamma(const sg_pitzer *self, double m)
{
    double root = sqrt(m), damped = 1 + 1.2 * root, fade = exp(-2 * root);
    double long_range = -self->a_phi * (root / damped + 2 / 1.2 * log(damped));
    /* m B: 2 beta0 m + beta1 / 2 (1 - e^-2r (1 + 2r - 2m)) */
    double pairs = 2 * self->beta0 * m + 0.5 * self->beta1 * (1 - fade * (1 + 2 * root - 2 * m));
    return long_range + pairs + 1.5 * self->c_phi * m * m;
}

static double pitzer_phi(const sg_pitzer *z, double m)
{
    double root = sqrt(m);
    return 1 - z->a_phi * root / (1 + 1.2 * root) + m * (z->beta0 + z->beta1 * exp(-2 * root)) +
           z->c_phi * m * m;
}

static void pitzer_both(double m, double temp_degc, double *ret_ln_gamma, double *ret_phi)
{
    sg_pitzer z = sg_pitzer_at(temp_degc);
    *ret_ln_gamma = sg_pitzer_ln_gamma(&z, m);
    *ret_phi = pitzer_phi(&z, m);
}

double sg_nacl_ln_gamma(double molality, double temp_degc)
{
    double ln_gamma, phi;
    pitzer_both(molality > 0 ? molality : 0, temp_degc, &ln_gamma, &phi);
    return ln_gamma;
}

double sg_nacl_osmotic_coefficient(double molality, double temp_degc)
{
    double ln_gamma, phi;
    pitzer_both(molality > 0 ? molality : 0, temp_degc, &ln_gamma, &phi);
    return phi;
}

double sg_nacl_osmotic_pressure_pa(double molality, double temp_degc)
{
    return 2 * molality * sg_nacl_osmotic_coefficient(molality, temp_degc) * SG_GAS_J_PER_MOL_K *
           (temp_degc + zero_degc_k) * water_density_kg_m3(temp_degc);
}

double sg_nacl_volume_m3_per_kg(double molality, double temp_degc)
{
    double m = molality > 0 ? molality : 0;
    return 1 / water_density_kg_m3(temp_degc) + m * (16.62e-6 + 1.87e-6 * sqrt(m));
}

double sg_brine_gibbs_j(sg_brine self, double temp_degc)
{
    if (!(self.salt_mol > 0) || !(self.water_kg > 0)) {
        return 0;
    }
    double m = self.salt_mol / self.water_kg, ln_gamma, phi;
    pitzer_both(m, temp_degc, &ln_gamma, &phi);
    return 2 * SG_GAS_J_PER_MOL_K * (temp_degc + zero_degc_k) * self.salt_mol *
           (log(m) + ln_gamma - phi);
}

double sg_brine_mixing_j(sg_brine a, sg_brine b, double temp_degc)
{
    sg_brine both = {a.water_kg + b.water_kg, a.salt_mol + b.salt_mol};
    double free_j = sg_brine_gibbs_j(a, temp_degc) + sg_brine_gibbs_j(b, temp_degc) -
                    sg_brine_gibbs_j(both, temp_degc);
    return free_j > 0 ? free_j : 0; /* equal waters: the rounding of a difference */
}

/* The distance of the convex function from its tangent at the sea. */
double sg_brine_exergy_j(sg_brine self, double sea_molality, double temp_degc)
{
    double ln_gamma, phi;
    pitzer_both(sea_molality, temp_degc, &ln_gamma, &phi);
    double rt2 = 2 * SG_GAS_J_PER_MOL_K * (temp_degc + zero_degc_k);
    double in_sea_j =
        rt2 * (self.salt_mol * (log(sea_molality) + ln_gamma) - self.water_kg * sea_molality * phi);
    double free_j = sg_brine_gibbs_j(self, temp_degc) - in_sea_j;
    return free_j > 0 ? free_j : 0;
}

static double ideal_term(double c)
{
    return c > 0 ? c * log(c) : 0;
}

double sg_mixing_ideal_j_per_m3(double concentrated, double dilute, double dilute_frac,
                                double temp_degc)
{
    double mixed = dilute_frac * dilute + (1 - dilute_frac) * concentrated;
    return 2 * SG_GAS_J_PER_MOL_K * (temp_degc + zero_degc_k) *
           (dilute_frac * ideal_term(dilute) + (1 - dilute_frac) * ideal_term(concentrated) -
            ideal_term(mixed));
}

double sg_mixing_ideal_sea_j_per_m3(double sea, double dilute, double temp_degc)
{
    return 2 * SG_GAS_J_PER_MOL_K * (temp_degc + zero_degc_k) *
           (dilute * log(dilute / sea) + sea - dilute);
}

/* --- the model --- */

enum { SALINITY, TEMPERATURE, DEPTH, INPUT_COUNT };

static const sg_input inputs[INPUT_COUNT] = {
    [SALINITY] = {"salinity", SG_DIM_SALINITY, 35, "of the water"},
    [TEMPERATURE] = {"water_temperature", SG_DIM_TEMPERATURE, 15, "of the water"},
    [DEPTH] = {"depth", SG_DIM_LENGTH, 0, "for the speed of sound alone"},
};

static const sg_output outputs[] = {
    {"conductivity_s_m", "S/m", "electrical, of sea water"},
    {"nacl_conductivity_s_m", "S/m", "of a NaCl solution with the same mass of salt"},
    {"density_kg_m3", "kg/m3", "at the surface"},
    {"molality_mol_kg", "mol/kg", "NaCl of the same mass, per kg of water"},
    {"activity_coefficient", "", "mean, of that NaCl"},
    {"osmotic_pressure_pa", "Pa", "against fresh water"},
    {"sound_speed_ms", "m/s", "at the depth"},
};

static sg_status step(const sg_model *self, const double *p, const sg_now *now, const double *in,
                      double *state, double *out)
{
    (void)self;
    (void)p;
    (void)now;
    (void)state;
    double s = in[SALINITY], t = in[TEMPERATURE];
    if (s < 0 || s > 260 || t < -2 || t > 60 || in[DEPTH] < 0 || in[DEPTH] > 11000) {
        return SG_RANGE;
    }
    double m = sg_seawater_molality(s);
    out[0] = sg_seawater_conductivity_s_m(s, t);
    out[1] = sg_nacl_conductivity_s_m(m, t);
    out[2] = sg_seawater_density_kg_m3(s, t);
    out[3] = m;
    out[4] = exp(sg_nacl_ln_gamma(m, t));
    out[5] = sg_nacl_osmotic_pressure_pa(m, t);
    out[6] = sg_seawater_sound_ms(s, t, in[DEPTH]);
    return SG_OK;
}

const sg_model sg_model_seawater = {
    .name = "seawater",
    .title = "salt water: density, conductivity, activity, osmotic pressure, speed of sound",
    .source = "UNESCO Technical Papers in Marine Science 44 (EOS-80, PSS-78 with Hill's "
              "extension); Pitzer equations "
              "for NaCl, temperature terms of Appelo 2015; Mackenzie 1981",
    .limits = "0 to 42 psu for density and conductivity, continued above; 0 to 50 degC; 1 atm; "
              "free energy as NaCl",
    .example = "salinity=0..42 water_temperature=15",
    .inputs = inputs,
    .input_count = INPUT_COUNT,
    .outputs = outputs,
    .output_count = SG_COUNT(outputs),
    .step = step,
};
