"""kalman_filterpy.py - two short series filtered by filterpy (MIT, R. Labbe), which our filters are held against.

usage: python3 kalman_filterpy.py > kalman_filterpy.csv        needs: pip install filterpy==2.0.0 numpy

filterpy updates with all readings of an instant at once, by matrices; ours takes them one after the other, by scalars. The
readings are made by a congruential generator written out here, so that any Python gives the same file."""
import numpy as np
from filterpy.kalman import KalmanFilter

seed = 12345


def unit():
    global seed
    seed = (1103515245 * seed + 12345) % 2**31
    return seed / 2**31


def noise():  # near enough normal: twelve uniform numbers
    return sum(unit() for _ in range(12)) - 6


def moved(f, q1, q2, dt):
    """White noise q1 on the first state, its integral's drive q2 on the second."""
    f.F = np.array([[1, dt], [0, 1]])
    f.Q = np.array([[q1 * dt + q2 * dt**3 / 3, q2 * dt**2 / 2], [q2 * dt**2 / 2, q2 * dt]])
    f.predict()


def updated(f, readings, variances):
    if readings:
        f.update(np.array(readings).reshape(-1, 1), R=np.diag(variances),
                 H=np.array([[1.0, 0.0]] * len(readings)))


print("series,dt_s,first,first_valid,second,second_valid,x,v,std")

# height: constant velocity, q = 0.2 m2/s3, lidar 0.03 m, sonar 0.1 m
r = [0.03**2, 0.1**2]
f = KalmanFilter(dim_x=2, dim_z=2)
for k in range(60):
    dt = 0.1 if k < 30 else 0.25
    truth = np.sin(0.35 * k * dt * 2)
    z = [round(truth + 0.03 * noise(), 6), round(truth + 0.1 * noise(), 6)]
    valid = [k == 0 or unit() > 0.2, unit() > 0.3 or k == 0]
    if 40 <= k < 45:
        valid = [False, False]
    if k == 0:
        f.x, f.P = np.array([[z[0]], [0.0]]), np.diag([r[0], 1.0])
        updated(f, [z[1]], [r[1]])
    else:
        moved(f, 0, 0.2, dt)
        here = [i for i in range(2) if valid[i]]
        updated(f, [z[i] for i in here], [r[i] for i in here])
    print("height,%g,%.6f,%d,%.6f,%d,%.12g,%.12g,%.12g" % (
        dt, z[0], valid[0], z[1], valid[1], f.x[0, 0], f.x[1, 0], np.sqrt(f.P[0, 0])))

# clock: q1 = 1e-18 s, q2 = 1e-22 1/s, measured to 2e-5 s each fifth minute, then holdover
f = KalmanFilter(dim_x=2, dim_z=1)
f.x, f.P = np.zeros((2, 1)), np.diag([1e-2**2, 1e-5**2])
for k in range(80):
    dt = 60 if k < 60 else 3600
    valid = k % 5 == 0 and k < 60
    z = round(1e-3 + 2e-6 * 60 * k + 2e-5 * noise(), 9)
    moved(f, 1e-18, 1e-22, dt)
    updated(f, [z] if valid else [], [2e-5**2])
    print("clock,%g,%.9f,%d,0,0,%.12g,%.12g,%.12g" % (
        dt, z, valid, f.x[0, 0], f.x[1, 0], np.sqrt(f.P[0, 0])))
