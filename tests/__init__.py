"""The tests, computed with one thread for linear algebra, as the workers of the site compute.

Set before numpy is imported: OpenBLAS may wait forever for its threads when a process that has
used them forks.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
