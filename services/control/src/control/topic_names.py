"""What a user calls a topic or a group, checked against the table of topics."""

from contracts import BY_NAME, Topic

from control.running import WrongUseError


def topic_named(name: str) -> Topic:
    """The topic of this name.

    Raises:
        WrongUseError: there is no such topic; the message lists those that there are.
    """
    topic = BY_NAME.get(name)
    if topic is None:
        raise WrongUseError(f"no topic {name!r}: the topics are {', '.join(BY_NAME)}")
    return topic


def check_group(topic: Topic, group: str | None) -> None:
    """Pass if `group` reads the topic, or is None.

    Raises:
        WrongUseError: `group` does not read the topic; the message lists those that do.
    """
    if group is not None and group not in topic.consumers:
        raise WrongUseError(f"{group!r} does not read {topic.name}: its groups are {', '.join(topic.consumers)}")
