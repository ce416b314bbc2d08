#!/usr/bin/python3
"""Writes the table of captures into ../README.md, between its two markers, from the truths beside it and the groups of scenarios."""
import importlib
import json
import os
import pkgutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.dirname(HERE)
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import scenarios  # noqa: E402
from lab.scenario import SCENARIOS  # noqa: E402

START, END = "<!-- table: written by record/table.py -->", "<!-- end of table -->"


def verdict_of(truth):
    """The verdict with keys, and without them where that differs."""
    with_keys, without = truth["verdict"], truth["verdictWithoutKeys"]
    suspect = " (or suspected)" if any(c.get("maySuspect") for c in truth["connections"]) else ""
    return f"`{with_keys}`", f"`{without}`{suspect}" if without != with_keys or suspect else "the same"


def main():
    lines = []
    for module in sorted(pkgutil.iter_modules(scenarios.__path__), key=lambda m: m.name):
        loaded = importlib.import_module(f"scenarios.{module.name}")
        names = [n for n in SCENARIOS if SCENARIOS[n][0].__module__ == loaded.__name__]
        lines += [f"### `record/scenarios/{module.name}.py`", "", loaded.__doc__.strip(), "",
                  "| capture | what it shows | proxy | client | verdict with keys | without |", "| --- | --- | --- | --- | --- | --- |"]
        for name in names:
            with open(f"{CAPTURES}/{name}.truth.json") as f:
                truth = json.load(f)
            with_keys, without = verdict_of(truth)
            lines.append(f"| `{truth['capture']}` | {truth['about']} | {truth['proxy']['product']} | {', '.join(truth['clients'])} | {with_keys} | {without} |")
        lines.append("")
    stray = {f.removesuffix(".truth.json") for f in os.listdir(CAPTURES) if f.endswith(".truth.json")} - set(SCENARIOS)
    if stray:
        sys.exit(f"captures without a scenario: {', '.join(sorted(stray))}")
    path = f"{CAPTURES}/README.md"
    with open(path) as f:
        text = f.read()
    head, rest = text.split(START)
    with open(path, "w") as f:
        f.write(head + START + "\n\n" + "\n".join(lines) + END + rest.split(END)[1])


main()
