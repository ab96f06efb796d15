"""Hold the migrations of the store: one module a released schema, applied when a store is opened.

A change of ``schema.py`` comes with the next module in ``versions``, named after its revision, and with that revision
in ``schema.REVISION``. A module that was released is never edited.
"""
