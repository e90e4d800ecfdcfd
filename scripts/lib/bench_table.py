#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_table.py table|json FOLDER NAME…: merges FOLDER/NAME.json (an array of rows, or {"rows": […]}) and prints them."""

import json
import os
import sys

MEMBERS = ("name", "unit", "ours", "baseline", "baseline_name", "ratio", "goal", "met")


def load(path):
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    rows = rows["rows"] if isinstance(rows, dict) else rows
    for row in rows:
        missing = [m for m in MEMBERS if m not in row]
        if missing:
            raise SystemExit(f"{path}: a row lacks {', '.join(missing)}")
    return [{m: row[m] for m in MEMBERS} for row in rows]


def number(value):
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "" if value is None else str(value)
    if value != 0 and abs(value) < 10:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}"


def table(rows):
    head = ("measure", "unit", "ours", "baseline", "", "ratio", "goal", "met")
    lines = [head] + [(r["name"], r["unit"], number(r["ours"]), number(r["baseline"]), r["baseline_name"] or "",
                       number(r["ratio"]), r["goal"] or "", "yes" if r["met"] else "NO") for r in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    right = {2, 3, 5}
    for line in lines:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def main():
    form, folder, *names = sys.argv[1:]
    rows = []
    for name in names:
        path = os.path.join(folder, name + ".json")
        if os.path.exists(path):
            rows += load(path)
    if form == "json":
        print(json.dumps({"rows": rows}, indent=1))
    else:
        table(rows)


if __name__ == "__main__":
    main()
