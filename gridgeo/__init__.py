"""Divide a town into responsibility areas, prove that they cover it, and run the daily service on them.

Names load when they are first used, so that importing gridgeo loads no map, service or database library.
"""

import lazy_loader as _lazy

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
