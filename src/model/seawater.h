/* seawater.h - what salt water is like: how much salt, how heavy, how well it conducts, what its dilution is worth.
 *
 * Units    SI; temperatures in degC; salinity in psu (g salt per kg water with salt); molality in mol NaCl per kg of water.
 * Memory   plain values; nothing is allocated. Pure, all functions are total over the ranges named.
 * Source   density: Millero and Poisson 1981 (EOS-80), conductivity: Practical Salinity Scale 1978 with Hill's extension below
 *          2 psu (UNESCO Technical Papers in Marine Science 44), sound: Mackenzie 1981, J. Acoust. Soc. Am. 70, 807.
 *          Thermodynamics: NaCl after Pitzer, beta0 0.0765, beta1 0.2664, Cphi 0.00127, Aphi 0.3915 at 25 degC; their
 *          change with temperature is that of Appelo 2015, Applied Geochemistry 55, 62 (pitzer.dat of PHREEQC 3); that of
 *          Aphi follows from the density and the dielectric constant of water (Malmberg and Maryott 1956).
 *          NaCl conductivity: molar conductivities at 25 degC of Shedlovsky 1932 and Chambers, Stokes and Stokes 1956.
 * Limits   salt is taken as NaCl of the same mass wherever free energy is concerned; 0 to 6 mol/kg, 0 to 50 degC, 1 atm.
 *          Density and conductivity of sea water hold to 42 psu and are continued above. */
#ifndef SG_MODEL_SEAWATER_H
#define SG_MODEL_SEAWATER_H

#define SG_GAS_J_PER_MOL_K   8.314462618
#define SG_FARADAY_C_PER_MOL 96485.33212
#define SG_NACL_KG_PER_MOL   0.0584428

/* psu <-> mol/kg of the same mass of NaCl. 0 <= psu < 1000. @effects alloc=no block=no fails=never */
double sg_seawater_molality(double salinity_psu);
double sg_seawater_salinity_psu(double molality);

/* Of sea water at the surface, kg/m3. @effects alloc=no block=no fails=never */
double sg_seawater_density_kg_m3(double salinity_psu, double temp_degc);

/* Of sea water, S/m. @effects alloc=no block=no fails=never */
double sg_seawater_conductivity_s_m(double salinity_psu, double temp_degc);

/* Mackenzie's nine terms: 2 to 30 degC, 25 to 40 psu, 0 to 8000 m. @effects alloc=no block=no fails=never */
double sg_seawater_sound_ms(double salinity_psu, double temp_degc, double depth_m);

/* Of fresh water, Pa s. @effects alloc=no block=no fails=never */
double sg_water_viscosity_pa_s(double temp_degc);

/* The Debye-Hueckel parameter for the osmotic coefficient, kg^0.5 mol^-0.5. @effects alloc=no block=no fails=never */
double sg_water_debye_hueckel(double temp_degc);

/* NaCl in water: natural logarithm of the mean activity coefficient; osmotic coefficient.
 * @effects alloc=no block=no fails=never */
double sg_nacl_ln_gamma(double molality, double temp_degc);
double sg_nacl_osmotic_coefficient(double molality, double temp_degc);

/* The same for many molalities at one temperature, at a third of the cost: equal bits. */
typedef struct sg_pitzer {
    double a_phi, beta0, beta1, c_phi;
} sg_pitzer;

/* @effects alloc=no block=no fails=never */
sg_pitzer sg_pitzer_at(double temp_degc);
double sg_pitzer_ln_gamma(const sg_pitzer *self, double molality);

/* Against pure water, Pa. @effects alloc=no block=no fails=never */
double sg_nacl_osmotic_pressure_pa(double molality, double temp_degc);

/* Solution that one kg of water with its salt fills, m3. @effects alloc=no block=no fails=never */
double sg_nacl_volume_m3_per_kg(double molality, double temp_degc);

/* Of a NaCl solution, S/m. @effects alloc=no block=no fails=never */
double sg_nacl_conductivity_s_m(double molality, double temp_degc);

/* An amount of salt water. Amounts add; so do flows, kg/s and mol/s. */
typedef struct sg_brine {
    double water_kg; /* >= 0 */
    double salt_mol; /* >= 0 */
} sg_brine;

/* The part of its Gibbs energy that mixing changes, J (or W for flows). @effects alloc=no block=no fails=never */
double sg_brine_gibbs_j(sg_brine self, double temp_degc);

/* What mixing the two sets free, J >= 0: the most that any machine can make of them. @effects alloc=no block=no fails=never */
double sg_brine_mixing_j(sg_brine a, sg_brine b, double temp_degc);

/* What it would set free in a sea of that molality, J >= 0. @effects alloc=no block=no fails=never */
double sg_brine_exergy_j(sg_brine self, double sea_molality, double temp_degc);

/* Of ideal solutions, concentrations in mol/m3: J per m3 of the mixture with that volume fraction of dilute solution, and J
 * per m3 of dilute solution that runs into an endless sea. Concentrations > 0. @effects alloc=no block=no fails=never */
double sg_mixing_ideal_j_per_m3(double concentrated, double dilute, double dilute_frac,
                                double temp_degc);
double sg_mixing_ideal_sea_j_per_m3(double sea, double dilute, double temp_degc);
#endif
