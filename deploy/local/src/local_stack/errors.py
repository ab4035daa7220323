"""What goes wrong with the local stack, said in words that tell the reader what to do."""


class StackError(Exception):
    """The stack can't start, run or stop. The message is one clear statement for a person; no traceback is needed."""

    exit_code = 1


class MissingPrerequisiteError(StackError):
    """Something that must be installed is absent or too old."""

    exit_code = 2


def first_stack_error(group: BaseExceptionGroup[BaseException]) -> StackError | None:
    """The first StackError inside `group`, however deep; None where there is none."""
    for error in group.exceptions:
        if isinstance(error, StackError):
            return error
        if isinstance(error, BaseExceptionGroup) and (found := first_stack_error(error)):
            return found
    return None
