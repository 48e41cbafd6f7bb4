"""Import 10,000 records, share them out among ten, look at my open work, search, label 300, export: by each tool."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.corpus import TEXT, bodies, word
from benchmarks.report import Line, middle, percentile
from benchmarks.scale import Scale, say

from .doccano import Doccano
from .environments import peer_python
from .label_studio import LabelStudio
from .ours import Apportion
from .processes import free_port
from .tools import LABELS, TEAM, Cannot, Row, Tool

__all__ = ["measure"]

RECORDS, ANSWERS, PAGES = 10_000, 300, 40


@dataclass
class _Step:
    """Cost of one step: seconds of each call, and processor time of all of the tool's processes."""

    walls: list[float]
    cpu: float
    result: Any = None

    @property
    def wall(self) -> float:
        return sum(self.walls)


@dataclass
class _Seen:
    """Results of one tool."""

    name: str
    versions: str
    steps: dict[str, _Step] = field(default_factory=dict)
    cannot: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    memory: float = 0.0


def measure(scale: Scale) -> Iterator[Line]:
    texts = _texts(RECORDS)
    tools: list[Callable[[], Tool]] = [Apportion]
    for name, make in (("doccano", Doccano), ("label-studio", LabelStudio)):
        python = peer_python(name)
        if python is None:
            say(f"  no Python 3.10 for {name}: it is left out")
        else:
            tools.append(partial(make, python))
    shown = [_through(make(), texts, ANSWERS // 3 if scale.calls < 100 else ANSWERS) for make in tools]
    yield from _lines(shown)


def _texts(records: int) -> list[Row]:
    found = [
        record
        for body in bodies(TEXT, 0, records, records)
        for record in msgspec.json.decode(body)["records"]
    ]
    return [Row(each["id"], each["inputs"]["text"]) for each in found]


def _close(tool: Tool) -> None:
    if hasattr(tool, "processes"):
        tool.close()


def _through(tool: Tool, texts: list[Row], answers: int) -> _Seen:
    say(f"  {tool.name}: {tool.versions}")
    shown = _Seen(tool.name, tool.versions)
    folder = Path(tempfile.mkdtemp(prefix="apportion-side-by-side-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(_close, tool)
        tool.start(folder, free_port())
        rare = [word(rank) for rank in range(150, 150 + PAGES)]

        def step(name: str, calls: list[Callable[[], Any]]) -> Any:
            say(f"    {name}")
            walls, cpu, result = [], tool.processes.cpu(), None
            for call in calls:
                began = time.perf_counter()
                try:
                    result = call()
                except Cannot as why:
                    shown.cannot[name] = str(why)
                    return None
                walls.append(time.perf_counter() - began)
            shown.steps[name] = _Step(walls, tool.processes.cpu() - cpu, result)
            return result

        def expect(what: str, found: Any, wanted: Any) -> None:
            if found is not None and found != wanted:
                shown.wrong.append(f"{what}: {found}, not {wanted}")

        expect("records", step("import", [lambda: tool.load(texts)]), len(texts))
        loads = step("share out", [tool.share_out])
        expect("loads", loads and sorted(loads.values()), loads and [len(texts) // len(TEAM)] * len(TEAM))
        for who in TEAM[:2]:  # so that nothing is measured that happens once in a server's life
            tool.open_page(who)
            tool.search(who, rare[0])
        page = step("open work", [partial(tool.open_page, who) for who in TEAM * (PAGES // len(TEAM))])
        expect("records on a page", len(page), 10)
        step("search", [partial(tool.search, TEAM[0], each) for each in rare])
        step("label", [
            partial(tool.label, TEAM[number % len(TEAM)], LABELS[number % len(LABELS)])
            for number in range(answers)
        ])  # fmt: skip
        expect("answers exported", step("export", [tool.export]), answers)
        shown.memory = tool.processes.memory()
    for each in shown.wrong:
        say(f"    wrong: {each}")
    return shown


_PEERS = "the better of the others'"


def _lines(shown: list[_Seen]) -> Iterator[Line]:
    versions = "; ".join(each.versions for each in shown)
    for name, what in _WHATS.items():
        yield from _ratio(shown, name, what)
    for name, what, figure, unit in _FIGURES:
        for each in shown:
            if name in each.cannot:
                yield Line(f"{what}: {each.name}", None, "cannot", each.cannot[name])
            elif name in each.steps:
                step = each.steps[name]
                yield Line(f"{what}: {each.name}", figure(step), unit, _behind(step))
    for number, each in enumerate(shown):
        yield Line(
            f"memory in the end, what processes share counted once: {each.name}", each.memory, "MB",
            versions if not number else "",
        )  # fmt: skip
    yield Line(
        "answers that are not as they should be, all of them together", sum(len(each.wrong) for each in shown), "",
        "; ".join(f"{each.name}: {wrong}" for each in shown for wrong in each.wrong), at_most=0,
    )  # fmt: skip


_WHATS = {
    "import": "import of 10,000 records",
    "open work": "first page of my open work",
    "search": "search for a word, first page",
    "label": "get the next record and label it",
    "export": "export of everything",
}

_FIGURES: list[tuple[str, str, Callable[[_Step], float], str]] = [
    ("import", "import of 10,000 records", lambda step: RECORDS / step.wall, "records/s"),
    ("share out", "sharing 10,000 records out among ten", lambda step: step.wall, "s"),
    ("open work", "first page of my open work, p50", lambda step: middle(step.walls) * 1e3, "ms"),
    ("search", "search for a word, first page, p50", lambda step: middle(step.walls) * 1e3, "ms"),
    ("label", "get the next record and label it, alone", lambda step: len(step.walls) / step.wall, "loops/s"),
    ("export", "export of 10,000 records", lambda step: RECORDS / step.wall, "records/s"),
]


def _behind(step: _Step) -> str:
    shown = f"wall {step.wall:.2f} s, CPU {step.cpu:.2f} s"
    if len(step.walls) == 1:
        return shown
    return (
        f"{shown} in all; a call p50 {middle(step.walls) * 1e3:.1f}, p95 {percentile(step.walls, 95) * 1e3:.1f} ms, "
        f"CPU {step.cpu / len(step.walls) * 1e3:.1f} ms"
    )


def _ratio(shown: list[_Seen], name: str, what: str) -> Iterator[Line]:
    """Yield how often ours fits into the better of the others', by wall and by processor time; below 1 we lose."""
    done = {each.name: each.steps[name] for each in shown if name in each.steps}
    ours, others = done.pop(shown[0].name, None), done
    if ours is None or not others:
        return
    measured: dict[str, Callable[[_Step], float]] = {
        "wall": lambda step: max(step.wall, 1e-3),
        "CPU": lambda step: max(step.cpu, 0.01),
    }
    for kind, of in measured.items():
        best = min(map(of, others.values()))
        spent = "; ".join(f"{who} {of(step):.2f} s" for who, step in {shown[0].name: ours, **others}.items())
        yield Line(f"{what}: {kind}, {_PEERS} of ours", best / of(ours), "×", spent, at_least=1)
