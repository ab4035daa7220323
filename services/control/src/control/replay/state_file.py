"""Where a replay that was stopped goes on: a small file beside the working directory's other state."""

from collections.abc import Mapping
from pathlib import Path

from control.replay.plan import Plan, Request
from control.running import ProblemError

FOLDER_VARIABLE = "MIZAN_REPLAY_FOLDER"
_USUAL_FOLDER = "var/replay"


class StateFile:
    """One file a request; it is gone once the replay is complete."""

    def __init__(self, request: Request, cluster: str, environment: Mapping[str, str]) -> None:
        folder = Path(environment.get(FOLDER_VARIABLE, "").strip() or _USUAL_FOLDER)
        self.path = folder / f"{request.topic}-{request.digest(cluster)}.json"

    def read(self) -> Plan | None:
        """The plan of the replay that was stopped, if there is one.

        Raises:
            ProblemError: the file is there and can't be used.
        """
        try:
            return Plan.from_json(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ProblemError(f"{self.path} can't be used ({error}): delete it to begin anew") from None

    def write(self, plan: Plan) -> None:
        """Replace the file in one step, so that a crash leaves the old one or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(plan.to_json(), encoding="utf-8")
        draft.replace(self.path)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
