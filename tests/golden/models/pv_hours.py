"""Hours of a photovoltaic plant, and days of dirt, as pvlib works them out: the rows `hour_*` of pv.csv and `kimber_pvlib_*` of
soiling.csv.

usage: python3 -m venv v && v/bin/pip install pvlib && v/bin/python tests/golden/models/pv_hours.py pv|soiling

The inputs stand in tests/golden/test_pv.c and test_soiling.c as well. Position by NREL's full algorithm (ours is the low-precision
Almanac), extraterrestrial irradiance of that distance, Erbs where only global irradiance is given (pvlib takes Spencer's distance
there). Tolerances: 0.012 degrees, 0.02 K, and 0.05 % of a figure plus 0.05 W/m2 or kW: what those differences come to.
"""
import sys

import pandas as pd
import pvlib

# name, time (UTC, middle of the hour), lat, lon, altitude, tilt, azimuth, sky, ghi, dni, dhi (None: Erbs), air, wind
HOURS = [
    ("apalachicola_winter", "2012-01-15T17:07:30Z", 29.77, -84.88, 0, 20, 180, "haydavies", 560, None, None, 15.2, 2.1),
    ("apalachicola_spring", "2012-04-10T15:37:30Z", 29.77, -84.88, 0, 20, 180, "haydavies", 780, None, None, 21.0, 3.4),
    ("apalachicola_summer", "2012-07-03T18:22:30Z", 29.77, -84.88, 0, 20, 180, "haydavies", 990, None, None, 30.5, 2.8),
    ("apalachicola_cloud", "2012-07-20T20:07:30Z", 29.77, -84.88, 0, 20, 180, "haydavies", 140, None, None, 27.3, 4.0),
    ("apalachicola_evening", "2012-06-01T23:07:30Z", 29.77, -84.88, 0, 20, 180, "perez", 160, None, None, 27.0, 3.0),
    ("north_sea_noon", "2026-06-21T12:00:00Z", 54.5, 3, 0, 10, 180, "haydavies", 830, 800, 130, 15.0, 8.0),
    ("north_sea_perez", "2026-03-20T10:30:00Z", 54.5, 3, 0, 35, 150, "perez", 430, 520, 150, 8.0, 9.0),
    ("north_sea_level", "2026-09-01T14:30:00Z", 54.5, 3, 0, 0, 180, "isotropic", 520, None, None, 17.0, 6.0),
    ("reykjavik_low", "2026-10-10T10:00:00Z", 64.15, -21.94, 20, 45, 170, "haydavies", 60, 150, 45, 3.0, 5.0),
    ("sydney_north", "2026-12-21T01:30:00Z", -33.87, 151.21, 30, 25, 0, "perez", 1020, 900, 110, 26.0, 4.5),
    ("singapore_west", "2026-06-21T08:30:00Z", 1.35, 103.82, 15, 15, 270, "haydavies", 510, 480, 210, 31.0, 1.5),
]
DC_W, AC_W, EFF, GAMMA, LOSSES, ALBEDO = 1e6, 0.7e6, 0.96, -0.0035, 0.14, 0.08

# mm of rain on days from 0; all others are dry
RAIN = {10: 8.0, 40: 3.0, 41: 20.0, 60: 6.5}


def hour(time, lat, lon, altitude, tilt, azimuth, sky, ghi, dni, dhi, air, wind):
    at = pd.DatetimeIndex([time])
    sun = pvlib.solarposition.get_solarposition(
        at, lat, lon, altitude=altitude, pressure=pvlib.atmosphere.alt2pres(altitude), temperature=12)
    zenith, sun_azimuth = sun["apparent_zenith"], sun["azimuth"]
    extra = pvlib.irradiance.get_extra_radiation(at, method="nrel")
    if dni is None:
        parts = pvlib.irradiance.erbs(ghi, zenith, at)
        dni, dhi = parts["dni"], parts["dhi"]
    poa = pvlib.irradiance.get_total_irradiance(
        tilt, azimuth, zenith, sun_azimuth, dni, ghi, dhi, dni_extra=extra,
        airmass=pvlib.atmosphere.get_relative_airmass(zenith), albedo=ALBEDO, model=sky)
    aoi = pvlib.irradiance.aoi(tilt, azimuth, zenith, sun_azimuth)
    effective = poa["poa_direct"] * pvlib.iam.physical(aoi) + poa["poa_diffuse"]
    cell = pvlib.temperature.faiman(poa["poa_global"], air, wind)
    dc = pvlib.pvsystem.pvwatts_dc(effective, cell, DC_W, GAMMA) * (1 - LOSSES)
    ac = pvlib.inverter.pvwatts(dc, AC_W / EFF, EFF)
    return [float(x.iloc[0]) for x in (poa["poa_global"], cell, dc, ac, zenith, aoi)]


def main():
    source = f"pvlib {pvlib.__version__}"
    if sys.argv[1:] == ["soiling"]:
        days = pd.date_range("2026-01-01", periods=90, freq="D")
        rain = pd.Series([RAIN.get(d, 0.0) for d in range(90)], index=days)
        loss = pvlib.soiling.kimber(rain)
        for d in (5, 9, 10, 20, 25, 30, 39, 41, 50, 56, 59, 60, 74, 80, 89):
            print(f"kimber_pvlib_{d},{1 - loss.iloc[d]:.9g},1e-9,1,{source} soiling.kimber")
        return
    for name, *inputs in HOURS:
        poa, cell, dc, ac, zenith, aoi = hour(*inputs)
        for what, figure, tolerance, unit in (
                ("poa", poa, 0.0005 * poa + 0.05, "W/m2"), ("cell", cell, 0.02, "degC"),
                ("dc", dc / 1e3, 0.0005 * dc / 1e3 + 0.05, "kW"),
                ("ac", ac / 1e3, 0.0005 * ac / 1e3 + 0.05, "kW"),
                ("zenith", zenith, 0.012, "deg"), ("aoi", aoi, 0.012, "deg")):
            print(f"hour_{name}_{what},{figure:.6f},{tolerance:.3g},{unit},{source}")


if __name__ == "__main__":
    main()
