"""Alerts, dashboard and runbook speak of what exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from runtime.metrics import METRICS, Kind

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
RUNBOOK = ROOT / "docs" / "runbook"
SECTIONS = ["## Symptom", "## Check", "## Act", "## Afterwards"]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_expressions() -> list[str]:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def exposed() -> dict[str, tuple[str, ...]]:
    """Every name under which Prometheus shows a metric, with the labels that it has there."""
    shown: dict[str, tuple[str, ...]] = {}
    for metric in METRICS:
        if metric.kind is Kind.HISTOGRAM:
            shown |= {metric.name + suffix: metric.labels for suffix in ("_count", "_sum")}
            shown[f"{metric.name}_bucket"] = (*metric.labels, "le")
        else:
            shown[metric.name] = metric.labels
    return shown


def expressions() -> list[str]:
    found = [rule["expr"] for rule in rules()] + dashboard_expressions()
    assert len(found) > 20, "hardly any expression was found: the checks below would check nothing"
    return found


def test_rules_and_dashboard_name_only_metrics_of_the_list() -> None:
    shown = exposed()
    assert sorted({name for e in expressions() for name in re.findall(r"mizan_\w+", e)} - set(shown)) == []


def test_they_group_and_filter_only_by_labels_that_their_metrics_have() -> None:
    shown = exposed()
    for expression in expressions():
        metrics = re.findall(r"mizan_\w+", expression)
        groups = re.findall(r"by \(([^)]*)\)", expression)
        used = {label.strip() for group in groups for label in group.split(",")} - {"job"}
        assert all(used <= set(shown[name]) for name in metrics), expression
        filtered = re.findall(r"(mizan_\w+)\{(\w+)=", expression)
        assert all(label in shown[name] for name, label in filtered), expression


def test_the_dashboard_shows_every_metric() -> None:
    named = {name for expression in dashboard_expressions() for name in re.findall(r"mizan_\w+", expression)}
    assert [metric.name for metric in METRICS if not any(name.startswith(metric.name) for name in named)] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_has_its_page(rule: dict[str, Any]) -> None:
    page = RUNBOOK / f"{rule['alert']}.md"
    assert rule["annotations"]["runbook"] == str(page.relative_to(ROOT))
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("## ")] == SECTIONS


def test_every_page_has_its_alert_and_stands_in_the_list() -> None:
    """A page with a capital is about an alert; the others are about a task."""
    pages = {page.stem for page in RUNBOOK.glob("*.md")} - {"README"}
    assert {page for page in pages if page[0].isupper()} == {rule["alert"] for rule in rules()}
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (RUNBOOK / "README.md").read_text(encoding="utf-8"))
    assert set(listed) == pages
