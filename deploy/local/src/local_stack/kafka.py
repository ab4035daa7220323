"""Apache Kafka as one local process: a single combined KRaft node."""

import signal
from collections.abc import Mapping
from pathlib import Path

from local_stack.command import run_to_end
from local_stack.config import StackConfig
from local_stack.kafka_jars import package_file
from local_stack.ports import HOST
from local_stack.program import Program

NAME = "kafka"
_CLUSTER_ID = "bWl6YW4tbG9jYWwtMDAwMQ"  # any 16 bytes in base64; there is one node, so it never matters which
_FORMAT_TIMEOUT_S = 60.0
# Quick to start rather than quick at its peak: one node on a developer's machine.
_JVM_FLAGS = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


# What holds wherever the node runs: as a process, under compose, in a test's container.
NODE_SETTINGS: Mapping[str, str] = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A broker that crashed may join again only once its old session is over (by default 9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Two index files are reserved per partition, and there are many partitions.
    "log.index.size.max.bytes": "1048576",
}


def variable_of(setting: str) -> str:
    """The variable by which Kafka's image takes `setting`."""
    return f"KAFKA_{setting.upper().replace('.', '_')}"


def server_properties(config: StackConfig, data: Path) -> str:
    """The configuration of the node, in the properties format."""
    broker, controller = (f"{HOST}:{config.ports[name]}" for name in ("kafka", "kafka-controller"))
    settings = {
        **NODE_SETTINGS,
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": str(data),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


async def prepare(config: StackConfig, java: str, jars: Path) -> Program:
    """Configure the node, format its storage where that was not done yet, and return the program to run."""
    home = config.folder / NAME
    data = home / "data"
    properties = home / "server.properties"
    home.mkdir(parents=True, exist_ok=True)
    properties.write_text(server_properties(config, data))
    argv = (java, *_JVM_FLAGS, f"-Dlog4j2.configurationFile={package_file('log4j2.xml')}", "-cp", f"{jars}/*")
    if not (data / "meta.properties").exists():
        tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", _CLUSTER_ID)
        await run_to_end([*argv, *tool, "--config", str(properties)], timeout_s=_FORMAT_TIMEOUT_S)
    return Program(
        name=NAME,
        argv=(*argv, "kafka.Kafka", str(properties)),
        environment=config.environment,
        port=config.ports[NAME],
        stop_signal=signal.SIGTERM,
    )
