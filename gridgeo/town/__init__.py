"""Make the demonstration town: the same tables every time from the same seed, at any size.

The town is planned flat (``ground``, ``roads``, ``zones``, ``cuts``, ``blocks``), bent into a landscape and closed
into blocks (``bend``, ``mesh``, ``parcels``), used and built up (``uses``, ``styles``, ``rows``, ``lots``,
``houses``, ``hamlets``, ``buildings``), joined into communities (``communities``, ``divisions``), named (``names``,
``streets``, ``sites``, ``addresses``) and lived in (``households``, ``categories``, ``incidents``, ``officers``).
``town.make_town`` does it all in this order; ``files.write_town`` and ``python -m gridgeo.town`` write it to disk.

All of it is fictional: place, names, addresses, division codes, persons and phones.
"""
