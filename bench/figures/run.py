"""Runs figures one by one: progress to standard error, a table to standard output. One that fails does not lose the others."""

import sys
import time
import traceback

from figures.results import table, version


def run_figures(figures, plan, heads, line):
    """Each of `figures` takes the plan and yields rows; `line` makes a row of the table of one. Returns rows, lines, failures."""
    rows, lines, failures = [], table(heads), {}
    version()
    print("\n".join(lines), flush=True)
    for i, (name, figure) in enumerate(figures.items(), 1):
        print(f"[{i}/{len(figures)}] {name} …", file=sys.stderr, flush=True)
        begun = time.monotonic()
        try:
            for row in figure(plan):
                rows.append(row)
                lines.append(line(row))
                print(lines[-1], flush=True)
        except Exception as problem:  # a figure may fail in any way: the others are still worth having
            failures[name] = str(problem)
            traceback.print_exc()
            print(f"{name}: failed: {problem}", file=sys.stderr)
        print(f"[{i}/{len(figures)}] {name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    lines += [f"\n`{name}` failed: {problem}" for name, problem in failures.items()]
    return rows, lines, failures
