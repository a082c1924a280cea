"""A local AWS: moto behind a layer that adds what moto lacks and the product's promises lean on.

moto reads its settings while it is imported, so they are set here, before anything of it is.
"""

import os

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
# A profile or an account that the developer's shell happens to name must not steer the emulator.
for _name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "MOTO_ACCOUNT_ID"):
    os.environ.pop(_name, None)
