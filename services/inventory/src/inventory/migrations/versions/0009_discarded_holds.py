"""Which dead letters nobody needs: they hold no watermark again, however often they are replayed."""

from runtime.tables import create_discarded_holds

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    create_discarded_holds()
