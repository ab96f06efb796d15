"""Run the migrations on the connection that ``upgrade`` passes in."""

from alembic import context

from gridgeo.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite too: a migration that breaks off leaves the file as it was
)
with context.begin_transaction():
    context.run_migrations()
